//! Checks solutions by putting them into the equations of the query.

use dashu_ratio::RBig;

use crate::canonical::{self, Field, Polynomial};
use crate::decide::Decision;
use crate::further_roots::further_root;
use crate::numeric;
use crate::problem::{Equations, Wanted};
use crate::relations::Relation;
use crate::render;
use crate::roots::{self, Dense, RootCount};
use crate::tree::{Answer, Expression, Function};
use crate::values;
use crate::work::{Stop, Work};

/// One solution: a value for each unknown that it names.
pub type Solution = Vec<(String, Expression)>;

/// What a check found, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    Right(String),
    Wrong(String),
    Undecided(String),
}

/// The solutions that `answer` gives for `equations`; none when it gives something else.
pub fn solutions(answer: &Answer, equations: &Equations) -> Option<Vec<Solution>> {
    let single = match equations.unknowns.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    match answer {
        Answer::Named { name, value, .. } => named_solutions(name, value, equations),
        Answer::Value(value) | Answer::Measured { value, .. } => {
            let name = single.filter(|_| !equations.asks_for_more)?;
            Some(signs(value).into_iter().map(|value| vec![(name.clone(), value)]).collect())
        }
        Answer::Tuple { items, left_closed: false, right_closed: false } if items.len() == equations.unknowns.len() => {
            let values = items.iter().map(|item| match item {
                Answer::Value(value) => Some(value.clone()),
                _ => None,
            });
            let values = values.collect::<Option<Vec<_>>>()?;
            Some(vec![equations.unknowns.iter().cloned().zip(values).collect()])
        }
        Answer::List(items) | Answer::Set(items) => {
            let each = items.iter().map(|item| solutions(item, equations)).collect::<Option<Vec<_>>>()?.concat();
            Some(combined(each))
        }
        Answer::Words(words) if is_no_solution(words) => Some(Vec::new()),
        _ => None,
    }
}

/// Solutions for different unknowns are parts of one.
fn combined(each: Vec<Solution>) -> Vec<Solution> {
    let mut names: Vec<&String> = each.iter().flatten().map(|(name, _)| name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    if names.len() == count && each.iter().all(|solution| solution.len() == 1) && count > 1 {
        return vec![each.concat()];
    }
    each
}

fn named_solutions(name: &str, value: &Answer, equations: &Equations) -> Option<Vec<Solution>> {
    let name = equations.unknowns.iter().find(|unknown| {
        *unknown == name
            || name.strip_prefix(unknown.as_str()).is_some_and(|rest| rest.starts_with('_') && rest.len() <= 4)
    });
    match (name, value) {
        (Some(name), Answer::Value(value) | Answer::Measured { value, .. }) => {
            Some(signs(value).into_iter().map(|value| vec![(name.clone(), value)]).collect())
        }
        (Some(name), Answer::List(items) | Answer::Set(items)) => {
            let parts = items.iter().map(|item| named_solutions(name, item, equations));
            Some(parts.collect::<Option<Vec<_>>>()?.concat())
        }
        (Some(_), Answer::Words(words)) if is_no_solution(words) => Some(Vec::new()),
        (None, Answer::Tuple { .. }) => solutions(value, equations),
        _ => None,
    }
}

fn signs(value: &Expression) -> Vec<Expression> {
    if value.any(&|part| matches!(part, Expression::PlusMinus(..))) {
        vec![value.with_sign(true), value.with_sign(false)]
    } else {
        vec![value.clone()]
    }
}

fn is_no_solution(words: &str) -> bool {
    words.contains("no solution") || words.contains("no real solution") || words == "none"
}

/// Puts every solution into every equation, then asks whether any is missing.
pub fn check(given: &[Solution], equations: &Equations, work: &mut Work) -> Check {
    for solution in given {
        match check_values(solution, equations, work) {
            Check::Right(_) => {}
            other => return other,
        }
    }
    complete(given, equations, work)
}

/// Puts one solution into every equation.
pub fn check_values(solution: &Solution, equations: &Equations, work: &mut Work) -> Check {
    if let Some(missing) = equations.unknowns.iter().find(|name| !solution.iter().any(|(known, _)| known == *name)) {
        return Check::Undecided(format!("the answer gives no value for {missing}"));
    }
    for (equation, text) in &equations.equations {
        match satisfies(solution, equation, work) {
            (Decision::Equal, _) => {}
            (Decision::Different(_), shown) => {
                return Check::Wrong(format!("found {}; substituting into {text} gives {shown}", spelled(solution)));
            }
            (Decision::Undecided(reason), _) => {
                return Check::Undecided(format!("substituting {} into {text}: {reason}", spelled(solution)));
            }
        }
    }
    Check::Right(String::new())
}

/// Whether the solution satisfies the equation, and what the sides are.
fn satisfies(solution: &Solution, equation: &Relation, work: &mut Work) -> (Decision, String) {
    let put =
        |side: &Expression| solution.iter().fold(side.clone(), |side, (name, value)| side.substitute(name, value));
    let (left, right) = (put(&equation.left), put(&equation.right));
    if is_undefined(&left, work) || is_undefined(&right, work) {
        return (Decision::different(), "no value (a division by zero, or a function outside its domain)".to_owned());
    }
    let decision = values::compare_exactly(&left, &right, work);
    let shown = format!("{}, not {}", value_text(&left, work), value_text(&right, work));
    (decision, shown)
}

fn is_undefined(side: &Expression, work: &mut Work) -> bool {
    Field::default().canonical(side, work) == Err(Stop::Undefined)
}

/// A constant as its number; anything else as written.
fn value_text(value: &Expression, work: &mut Work) -> String {
    let mut field = Field::default();
    let exact = field.canonical(value, work).ok().as_ref().and_then(canonical::as_number);
    match (exact, numeric::approximate(value, work)) {
        (Some(number), _) => render::number(&number),
        (None, Some(near)) => format!("about {near:.6}"),
        _ => render::expression(value),
    }
}

fn spelled(solution: &Solution) -> String {
    let parts: Vec<String> =
        solution.iter().map(|(name, value)| format!("{name} = {}", render::expression(value))).collect();
    parts.join(", ")
}

fn listed(given: &[Solution]) -> String {
    let parts: Vec<String> = given.iter().map(spelled).collect();
    render::shortened(&parts.join(" or "))
}

/// Whether the given solutions, all of which satisfy the equations, are all there are.
fn complete(given: &[Solution], equations: &Equations, work: &mut Work) -> Check {
    let texts: Vec<&str> = equations.equations.iter().map(|(_, text)| text.as_str()).collect();
    let system = texts.join(", ");
    let holds = if given.is_empty() { String::new() } else { format!("{} satisfies {system}", listed(given)) };
    if equations.asks_for_more {
        return Check::Undecided(format!("{holds}, but the query asks for something else as well"));
    }
    let ([(equation, _)], [unknown]) = (equations.equations.as_slice(), equations.unknowns.as_slice()) else {
        return complete_system(given, equations, &holds, work);
    };
    let Some(count) = root_count(equation, unknown, work) else {
        return open_ended(given, equation, unknown, equations.wanted, &holds, work);
    };
    let distinct = distinct(given, unknown, work);
    let complex = given.iter().flatten().any(|(_, value)| value.any(&|part| *part == Expression::Imaginary));
    let needed = match equations.wanted {
        _ if complex => count.all,
        Wanted::Complex => count.all,
        Wanted::All | Wanted::Some => count.real,
        Wanted::Positive => count.positive,
        Wanted::Negative => count.negative,
    };
    if let Some(stray) = stray(given, equations.wanted, work) {
        return Check::Wrong(format!("found {stray}, which is not of the sign that the query asks for"));
    }
    if given.is_empty() {
        return match needed {
            0 => Check::Right(format!("{system} has no real solution, as the response says")),
            needed => {
                Check::Wrong(format!("the response finds no solution, but {system} has {needed} real solution(s)"))
            }
        };
    }
    if distinct >= needed {
        return Check::Right(format!("{holds}; these are all its solutions"));
    }
    if equations.wanted == Wanted::Some {
        return Check::Undecided(format!("{holds}, but which of its solutions is asked for is not clear"));
    }
    let kind = if complex || equations.wanted == Wanted::Complex { "" } else { "real " };
    Check::Wrong(format!(
        "{holds}, but {needed} {kind}solutions exist and only {distinct} {} given: find the missing one(s)",
        if distinct == 1 { "was" } else { "were" }
    ))
}

/// The first solution that does not have the sign asked for.
fn stray(given: &[Solution], wanted: Wanted, work: &mut Work) -> Option<String> {
    let sign = match wanted {
        Wanted::Positive => 1,
        Wanted::Negative => -1,
        _ => return None,
    };
    given
        .iter()
        .find(|solution| {
            solution.iter().any(|(_, value)| numeric::sign(value, work).is_some_and(|found| found != sign))
        })
        .map(spelled)
}

fn distinct(given: &[Solution], unknown: &str, work: &mut Work) -> usize {
    let mut kept: Vec<&Expression> = Vec::new();
    for (_, value) in given.iter().flatten().filter(|(name, _)| name == unknown) {
        if !kept.iter().any(|other| values::compare_exactly(other, value, work) == Decision::Equal) {
            kept.push(value);
        }
    }
    kept.len()
}

/// A linear system has one solution; of others no count is known here.
fn complete_system(given: &[Solution], equations: &Equations, holds: &str, work: &mut Work) -> Check {
    if given.is_empty() {
        return Check::Undecided("whether the system has no solution is not known here".to_owned());
    }
    let linear = equations.equations.iter().all(|(equation, _)| is_linear(equation, &equations.unknowns, work));
    let square = equations.equations.len() >= equations.unknowns.len();
    let identity = equations.unknowns.len() == 1 && equations.equations.len() == 1;
    if linear && square || identity {
        return Check::Right(holds.to_owned());
    }
    if let Some((name, count)) = eliminated(equations, work) {
        let found = distinct(given, &name, work);
        let complex = given.iter().flatten().any(|(_, value)| value.any(&|part| *part == Expression::Imaginary));
        let needed = if complex || equations.wanted == Wanted::Complex { count.all } else { count.real };
        if found >= needed {
            return Check::Right(format!("{holds}; these are all its solutions"));
        }
        if matches!(equations.wanted, Wanted::All | Wanted::Complex) {
            return Check::Wrong(format!(
                "{holds}, but {name} takes {needed} values, of which the response gives {found}"
            ));
        }
    }
    Check::Undecided(format!("{holds}; whether there are further solutions is not known"))
}

/// Two equations, one of them linear in an unknown: the other unknown, and how many values it takes once the first is
/// eliminated.
fn eliminated(equations: &Equations, work: &mut Work) -> Option<(String, RootCount)> {
    let ([(first, _), (second, _)], [one, two]) = (equations.equations.as_slice(), equations.unknowns.as_slice())
    else {
        return None;
    };
    for (linear, other) in [(first, second), (second, first)] {
        for (name, kept) in [(one, two), (two, one)] {
            let Some(value) = isolated(linear, name, work) else { continue };
            let put = |side: &Expression| side.substitute(name, &value);
            let rest = Relation { left: put(&other.left), comparison: other.comparison, right: put(&other.right) };
            if let Some(count) = root_count(&rest, kept, work) {
                return Some((kept.clone(), count));
            }
        }
    }
    None
}

/// The value of `name` by an equation that holds it to the first power, with a constant before it.
fn isolated(equation: &Relation, name: &str, work: &mut Work) -> Option<Expression> {
    let difference = equation.left.clone().minus(equation.right.clone());
    let at = |value: i64| difference.substitute(name, &Expression::integer(value));
    let mut constant = |value: Expression| {
        canonical::as_number(&Field::default().canonical(&value, work).ok()?).filter(|number| !number.is_zero())
    };
    let slope = constant(at(1).minus(at(0)))?;
    if constant(at(2).minus(at(1)))? != slope || constant(at(7).minus(at(6)))? != slope {
        return None;
    }
    Some(Expression::Product(vec![at(0), Expression::Number(RBig::from(-1) / slope)]))
}

fn is_linear(equation: &Relation, unknowns: &[String], work: &mut Work) -> bool {
    let mut field = Field::default();
    let Ok(form) = field.canonical(&equation.left.clone().minus(equation.right.clone()), work) else { return false };
    form.numerator.keys().all(|key| {
        let degree = key
            .iter()
            .filter(|(atom, _)| field.symbol_of(*atom).is_some_and(|name| unknowns.iter().any(|one| one == name)));
        let powers: Vec<&RBig> = degree.map(|(_, power)| power).collect();
        powers.len() <= 1 && powers.iter().all(|power| power.is_one())
    })
}

/// An equation that is no polynomial: periodic functions give it many solutions; of others, further ones are looked for.
fn open_ended(
    given: &[Solution],
    equation: &Relation,
    unknown: &str,
    wanted: Wanted,
    holds: &str,
    work: &mut Work,
) -> Check {
    let symbols = [equation.left.symbols(), equation.right.symbols()].concat();
    let open = [&equation.left, &equation.right].into_iter().any(|side| side.any(&has_many_roots));
    if open {
        return Check::Undecided(
            format!("{holds}; how many solutions there are is not known").trim_start_matches("; ").to_owned(),
        );
    }
    if symbols.iter().any(|name| name != unknown) {
        return Check::Right(format!("{holds} (whether there are further solutions was not checked)"));
    }
    let known: Vec<f64> = given.iter().flatten().filter_map(|(_, value)| numeric::approximate(value, work)).collect();
    let sign = match wanted {
        Wanted::Positive => Some(1.0),
        Wanted::Negative => Some(-1.0),
        Wanted::All | Wanted::Complex | Wanted::Some => None,
    };
    match further_root(equation, unknown, &known, sign, work) {
        Some(_) if wanted == Wanted::Some => {
            Check::Undecided(format!("{holds}, but which of its solutions is asked for is not clear"))
        }
        Some(root) if given.is_empty() => {
            Check::Wrong(format!("the response finds no solution, but there is one near {unknown} = {root:.4}"))
        }
        Some(root) => Check::Wrong(format!("{holds}, but there is a further solution near {unknown} = {root:.4}")),
        None if given.is_empty() => Check::Undecided("whether there is a solution is not known".to_owned()),
        None => Check::Right(format!("{holds} (no further solution was found between -74 and 74)")),
    }
}

fn has_many_roots(part: &Expression) -> bool {
    use Function::{Ceiling, Cos, Cot, Csc, Floor, Modulo, Named, Sec, Sin, Tan};
    matches!(part, Expression::Call(Sin | Cos | Tan | Cot | Sec | Csc | Floor | Ceiling | Modulo | Named(_), _))
}

/// How many roots the equation has, when it is a quotient of polynomials in its one unknown.
fn root_count(equation: &Relation, unknown: &str, work: &mut Work) -> Option<RootCount> {
    let mut field = Field::default();
    let difference = equation.left.clone().minus(equation.right.clone());
    let form = field.canonical(&difference, work).ok()?;
    let (mut numerator, shift) = dense(&form.numerator, &field, unknown)?;
    let (mut denominator, _) = dense(&form.denominator, &field, unknown)?;
    if shift > 0 {
        // Powers of the unknown in the denominator: zero is no root.
        denominator.insert(0, RBig::ZERO);
    }
    if numerator.iter().all(RBig::is_zero) {
        return None;
    }
    numerator.truncate(MAX_DEGREE + 2);
    if numerator.len() > MAX_DEGREE + 1 {
        return None;
    }
    roots::count(&numerator, &denominator, work).ok()
}

const MAX_DEGREE: usize = 60;

/// Coefficients by power, after multiplying by the least power of the unknown that leaves no negative exponent.
fn dense(polynomial: &Polynomial, field: &Field, unknown: &str) -> Option<(Dense, usize)> {
    let mut terms = Vec::new();
    for (key, value) in polynomial {
        let power = match key.as_slice() {
            [] => 0,
            [(atom, power)] if power.is_int() && field.symbol_of(*atom) == Some(unknown) => {
                i64::try_from(power.numerator().clone()).ok()?
            }
            _ => return None,
        };
        terms.push((power, value.clone()));
    }
    let lowest = terms.iter().map(|(power, _)| *power).min()?.min(0);
    let highest = terms.iter().map(|(power, _)| *power).max()?;
    let length = usize::try_from(highest - lowest).ok().filter(|length| *length <= MAX_DEGREE)?;
    let mut coefficients = vec![RBig::ZERO; length + 1];
    for (power, value) in terms {
        *coefficients.get_mut(usize::try_from(power - lowest).ok()?)? = value;
    }
    Some((coefficients, usize::try_from(-lowest).ok()?))
}
