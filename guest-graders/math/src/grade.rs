//! Grades one response: against a reference, or against the problem that its query states.

use crate::choice;
use crate::decide::{self, Decision};
use crate::extract::{self, Found, Place};
use crate::policy::Policy;
use crate::problem::{self, Equations, Problem};
use crate::reader::{self, Reading};
use crate::render;
use crate::substitute::{self, Check, Solution};
use crate::tree::{Answer, Expression};
use crate::values;
use crate::work::Work;

/// Units of work that one grade may spend; a few dozen milliseconds.
pub const BUDGET: u64 = 150_000;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Right,
    Wrong,
    Undecided,
}

/// An outcome with its reason and evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub outcome: Outcome,
    pub reason: String,
    /// The answer's text in the response, and where it stood.
    pub found: Option<String>,
    pub place: Option<Place>,
    /// How the answer was read.
    pub read_as: Option<String>,
    /// How the reference, or the query's problem, was read.
    pub expected: Option<String>,
}

impl Judgement {
    fn new(outcome: Outcome, reason: String) -> Self {
        Self { outcome, reason, found: None, place: None, read_as: None, expected: None }
    }

    fn with(mut self, found: &Found, read: Option<&Reading>) -> Self {
        self.found = Some(render::shortened(&found.text));
        self.place = Some(found.place);
        self.read_as = read.map(|reading| render::answer(&reading.answer));
        self
    }
}

/// Compares the response's final answer with `reference`. The error says why the reference is no answer.
pub fn against_reference(
    response: &str,
    reference: &str,
    policy: &Policy,
    work: &mut Work,
) -> Result<Judgement, String> {
    let references = references(reference)?;
    let found = match extract::final_answer_in(response, policy.search) {
        Some(found) => found,
        None => match chosen_only(response, &references) {
            Some(found) => found,
            None => return Ok(nothing_found(&references)),
        },
    };
    let mut last = None;
    for gold in &references {
        let mut judgement = against_one(response, &found, gold, policy, work);
        if judgement.outcome == Outcome::Wrong && is_guess(&found) && is_in_words(gold) {
            judgement = unlocated(&references);
        }
        if judgement.outcome == Outcome::Right {
            return Ok(judgement);
        }
        let replace = last.as_ref().is_none_or(|known: &Judgement| known.outcome == Outcome::Wrong);
        if replace {
            last = Some(judgement);
        }
    }
    last.ok_or_else(|| "it is empty".to_owned())
}

/// A gold answer with its text.
struct Gold {
    text: String,
    reading: Reading,
}

/// The reference's answer; several when it is a JSON array of texts, any of which will do.
fn references(reference: &str) -> Result<Vec<Gold>, String> {
    let alternatives = string_array(reference).unwrap_or_else(|| vec![reference.to_owned()]);
    let mut golds = Vec::new();
    let mut reason = "it is empty".to_owned();
    for text in alternatives {
        match gold(&text) {
            Ok(gold) => golds.push(gold),
            Err(why) => reason = why,
        }
    }
    if golds.is_empty() { Err(reason) } else { Ok(golds) }
}

/// `["0.5", "1/2"]`, without a JSON library: quoted strings between brackets.
fn string_array(text: &str) -> Option<Vec<String>> {
    let inner = text.trim().strip_prefix("[\"")?.strip_suffix("\"]")?;
    let parts = inner.split("\", \"").flat_map(|part| part.split("\",\"")).map(|part| part.replace("\\\\", "\\"));
    Some(parts.collect())
}

fn gold(text: &str) -> Result<Gold, String> {
    let marked = text.contains("\\boxed") || text.contains("####");
    if marked
        && let Some(found) = extract::final_answer(text)
        && let Ok(reading) = reader::read(&found.text)
    {
        return Ok(Gold { text: found.text, reading });
    }
    let direct = reader::read(text);
    let is_prose = matches!(&direct, Ok(Reading { answer: Answer::Words(words), .. }) if words.split(' ').count() > 8);
    if let (Ok(reading), false) = (&direct, is_prose) {
        return Ok(Gold { text: text.to_owned(), reading: reading.clone() });
    }
    if let Some(found) = extract::final_answer(text)
        && found.place != Place::LastExpression
        && let Ok(reading) = reader::read(&found.text)
    {
        return Ok(Gold { text: found.text, reading });
    }
    direct.map(|reading| Gold { text: text.to_owned(), reading })
}

/// The letter that a response without a formula or number settles on, when the reference is one.
fn chosen_only(response: &str, references: &[Gold]) -> Option<Found> {
    let asked = references.iter().any(|gold| choice::letter(&gold.text).is_some());
    let letter = choice::chosen(extract::without_thinking(response)).filter(|_| asked)?;
    Some(Found { text: letter.to_string(), place: Place::LastExpression })
}

/// Whether the answer was taken for one by its place alone, without a word of the response that it is.
fn is_guess(found: &Found) -> bool {
    found.place == Place::LastExpression
}

/// Whether the reference is words, and no letter of a choice.
fn is_in_words(gold: &Gold) -> bool {
    matches!(gold.reading.answer, Answer::Words(_)) && choice::letter(&gold.text).is_none()
}

/// A sentence may give an answer in words without marking it: that none was found does not make it wrong.
fn unlocated(references: &[Gold]) -> Judgement {
    let mut judgement = Judgement::new(
        Outcome::Undecided,
        "the reference is words, and the response does not mark its answer; state it last, in \\boxed{} or after \"The \
         answer is\""
            .to_owned(),
    );
    judgement.expected = references.first().map(|gold| render::answer(&gold.reading.answer));
    judgement
}

fn nothing_found(references: &[Gold]) -> Judgement {
    if references.iter().any(is_in_words) {
        return unlocated(references);
    }
    let mut judgement = Judgement::new(
        Outcome::Wrong,
        "no final answer was found in the response; state it last, in \\boxed{} or after \"The answer is\"".to_owned(),
    );
    judgement.expected = references.first().map(|gold| render::answer(&gold.reading.answer));
    judgement
}

fn against_one(response: &str, found: &Found, gold: &Gold, policy: &Policy, work: &mut Work) -> Judgement {
    let expected = render::answer(&gold.reading.answer);
    let place = found.place.words();
    let shown = render::shortened(found.text.trim());
    let reading = reader::read(&found.text);
    let decision = match &reading {
        Ok(reading) => decide::compare(reading, &gold.reading, policy, work),
        Err(reason) => Decision::Undecided(format!("it cannot be read: {reason}")),
    };
    let decision = by_choice(response, found, gold, decision);
    let judgement = match decision {
        Decision::Equal => {
            Judgement::new(Outcome::Right, format!("found {shown} ({place}), which equals the reference {expected}"))
        }
        Decision::Different(reason) => {
            let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            Judgement::new(Outcome::Wrong, format!("found {shown} ({place}), but the reference is {expected}{reason}"))
        }
        Decision::Undecided(reason) => Judgement::new(
            Outcome::Undecided,
            format!("found {shown} ({place}); whether it equals the reference {expected} cannot be decided: {reason}"),
        ),
    };
    let mut judgement = judgement.with(found, reading.as_ref().ok());
    judgement.expected = Some(expected);
    judgement
}

/// A reference that names a choice is compared by its letter.
fn by_choice(response: &str, found: &Found, gold: &Gold, decision: Decision) -> Decision {
    if decision == Decision::Equal {
        return decision;
    }
    let Some(expected) = choice::letter(&gold.text) else { return decision };
    let text = extract::without_thinking(response);
    match choice::letter(&found.text).or_else(|| choice::chosen(text)) {
        Some(letter) if letter == expected => Decision::Equal,
        Some(letter) => Decision::Different(format!("the response chooses {letter}")),
        None => decision,
    }
}

/// Checks the response against the equation or arithmetic in `query`.
pub fn without_reference(query: &str, response: &str, policy: &Policy, work: &mut Work) -> Judgement {
    let Some(problem) = problem::find(query) else {
        return Judgement::new(
            Outcome::Undecided,
            "there is no reference, and the query holds no equation or arithmetic that could be checked".to_owned(),
        );
    };
    let Some(found) = extract::final_answer(response) else {
        return Judgement::new(
            Outcome::Wrong,
            "no final answer was found in the response; state it last, in \\boxed{} or after \"The answer is\""
                .to_owned(),
        );
    };
    match problem {
        Problem::Arithmetic { expression, text } => arithmetic(&expression, &text, &found, policy, work),
        Problem::Equations(equations) => equation(&equations, response, &found, work),
    }
}

fn arithmetic(expression: &Expression, text: &str, found: &Found, policy: &Policy, work: &mut Work) -> Judgement {
    let reading = reader::read(&found.text);
    let expected = exact_value(expression, work);
    let decision = match &reading {
        Ok(reading) => match &reading.answer {
            Answer::Named { value, .. } => compare_value(value, expression, policy, work),
            answer => compare_value(answer, expression, policy, work),
        },
        Err(reason) => Decision::Undecided(format!("the answer cannot be read: {reason}")),
    };
    let (shown, place) = (render::shortened(&found.text), found.place.words());
    let text = render::shortened(text);
    let judgement = match decision {
        Decision::Equal => {
            Judgement::new(Outcome::Right, format!("found {shown} ({place}), which is the value of {text}"))
        }
        Decision::Different(_) => {
            Judgement::new(Outcome::Wrong, format!("found {shown} ({place}), but {text} is {expected}"))
        }
        Decision::Undecided(reason) => Judgement::new(
            Outcome::Undecided,
            format!("found {shown} ({place}); whether it is {text} cannot be decided: {reason}"),
        ),
    };
    let mut judgement = judgement.with(found, reading.as_ref().ok());
    judgement.expected = Some(expected);
    judgement
}

fn compare_value(answer: &Answer, expression: &Expression, policy: &Policy, work: &mut Work) -> Decision {
    decide::compare_answers(answer, &Answer::Value(expression.clone()), policy, work)
}

fn exact_value(expression: &Expression, work: &mut Work) -> String {
    let mut field = crate::canonical::Field::default();
    let exact = field.canonical(expression, work).ok().as_ref().and_then(crate::canonical::as_number);
    exact.map_or_else(|| render::expression(expression), |value| render::number(&value))
}

fn equation(equations: &Equations, response: &str, found: &Found, work: &mut Work) -> Judgement {
    let reading = reader::read(&found.text);
    let given = reading.as_ref().ok().and_then(|reading| substitute::solutions(&reading.answer, equations));
    let needs_more = given.as_ref().is_none_or(|given| {
        given
            .iter()
            .any(|solution| equations.unknowns.iter().any(|name| !solution.iter().any(|(known, _)| known == name)))
    });
    let stated = if needs_more { stated_values(response, equations) } else { None };
    let check = match stated.or(given) {
        Some(given) => {
            let given = with_earlier_lines(given, response, found, equations, work);
            substitute::check(&given, equations, work)
        }
        None => Check::Undecided(match &reading {
            Ok(_) if equations.asks_for_more => {
                "the query asks for more than the solution of its equation, and there is no reference".to_owned()
            }
            Ok(_) => format!(
                "found {}, which gives no value for {}",
                render::shortened(&found.text),
                equations.unknowns.join(", ")
            ),
            Err(reason) => format!("found {}, which cannot be read: {reason}", render::shortened(&found.text)),
        }),
    };
    let judgement = match check {
        Check::Right(reason) => Judgement::new(Outcome::Right, reason),
        Check::Wrong(reason) => Judgement::new(Outcome::Wrong, reason),
        Check::Undecided(reason) => Judgement::new(Outcome::Undecided, reason),
    };
    let mut judgement = judgement.with(found, reading.as_ref().ok());
    let texts: Vec<&str> = equations.equations.iter().map(|(_, text)| text.as_str()).collect();
    judgement.expected = Some(render::shortened(&texts.join(", ")));
    judgement
}

/// The last value that the response's lines give for each unknown.
fn stated_values(response: &str, equations: &Equations) -> Option<Vec<Solution>> {
    let mut solution: Solution = Vec::new();
    for line in extract::without_thinking(response).lines().rev().take(60) {
        for given in assignments(line, equations).into_iter().flatten() {
            if !solution.iter().any(|(name, _)| *name == given.0) {
                solution.push(given);
            }
        }
    }
    (solution.len() == equations.unknowns.len()).then(|| vec![solution])
}

/// `x = 2` on one line and `x = 3` on the next are two roots, when both satisfy the equations.
fn with_earlier_lines(
    mut given: Vec<Solution>,
    response: &str,
    found: &Found,
    equations: &Equations,
    work: &mut Work,
) -> Vec<Solution> {
    let marked = matches!(found.place, Place::Boxed | Place::Hashes);
    if given.len() != 1 || equations.unknowns.len() != 1 || marked {
        return given;
    }
    let lines = extract::without_thinking(response).lines().rev().filter(|line| !line.trim().is_empty());
    for line in lines.take(8) {
        let earlier = assignments(line, equations);
        if earlier.is_empty() {
            break;
        }
        for solution in earlier {
            let alone = Equations { asks_for_more: false, ..equations.clone() };
            let satisfies =
                !matches!(substitute::check_values(&solution, &alone, work), Check::Wrong(_) | Check::Undecided(_));
            if satisfies && !given.contains(&solution) {
                given.push(solution);
            }
        }
    }
    given
}

fn assignments(line: &str, equations: &Equations) -> Vec<Solution> {
    let line = line.trim().trim_start_matches(['-', '*', '•', ' ']).trim_end_matches(['.', ',', ' ']);
    if line.len() > 200 || !line.contains('=') {
        return Vec::new();
    }
    let formulas = extract::formulas(line);
    let texts: Vec<&str> = if formulas.is_empty() {
        vec![line.rsplit(": ").next().unwrap_or(line)]
    } else {
        formulas.into_iter().map(|(_, _, content)| content).collect()
    };
    texts
        .into_iter()
        .filter_map(|text| reader::read(text).ok())
        .filter(|reading| matches!(reading.answer, Answer::Named { .. } | Answer::List(_)))
        .filter_map(|reading| substitute::solutions(&reading.answer, equations))
        .flatten()
        .filter(|solution| solution.iter().all(|(_, value)| value.symbols().is_empty()))
        .collect()
}

/// Whether two texts are the same answer: the comparison alone, for tests and measurements.
pub fn compare_texts(left: &str, right: &str, policy: &Policy, work: &mut Work) -> Decision {
    match (reader::read(left), reader::read(right)) {
        (Ok(left), Ok(right)) => decide::compare(&left, &right, policy, work),
        (Err(reason), _) | (_, Err(reason)) => Decision::Undecided(reason),
    }
}

/// Whether two expressions have the same value, without policies.
pub fn same_value(left: &Expression, right: &Expression, work: &mut Work) -> Decision {
    values::compare_exactly(left, right, work)
}
