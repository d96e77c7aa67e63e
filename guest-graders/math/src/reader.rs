//! Reads the text of an answer: lists, sets, intervals, relations, units and words around expressions.

use crate::lexer::{self, Bracket, Token};
use crate::parser::{self, plain_text};
use crate::tree::{Answer, Comparison, Expression, Function};
use crate::work::{MAX_ANSWER_BYTES, MAX_DEPTH, MAX_DIGITS};

/// What a text was read as.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub answer: Answer,
    /// The text without spaces, dollar signs and what only changes its looks.
    pub text: String,
    /// Two digit groups with a comma between them, read as a list: the number they make with a decimal comma.
    pub decimal_comma: Option<Expression>,
}

/// Reads `text`; the error says why it is no answer.
pub fn read(text: &str) -> Result<Reading, String> {
    let trimmed = strip(text);
    if trimmed.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(digits) = long_number(trimmed) {
        return Ok(Reading { answer: Answer::Words(digits.clone()), text: digits, decimal_comma: None });
    }
    let tokens = lexer::tokens(trimmed)?;
    let tokens = without_redundant_brackets(tokens)?;
    if tokens.is_empty() {
        return Err("it holds no mathematics".to_owned());
    }
    let answer = answer(&tokens, 0).or_else(|reason| words(&tokens).ok_or(reason))?;
    Ok(Reading { answer, text: folded(trimmed), decimal_comma: decimal_comma(trimmed) })
}

/// The text with its dollar signs, `\[ \]`, `\( \)` and closing full stop removed.
pub fn strip(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text;
        for (start, end) in [("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"), ("**", "**"), ("`", "`")] {
            if let Some(inner) = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end))
                && !inner.contains(start)
            {
                text = inner.trim();
            }
        }
        text = text.trim_end_matches(['.', ',', ';', ':']).trim();
        if text == before {
            return text;
        }
    }
}

/// Letters, digits and signs of `text`, without spaces and without commands that only change looks.
fn folded(text: &str) -> String {
    let mut folded: String = text.chars().filter(|character| !character.is_whitespace() && *character != '$').collect();
    for look in ["\\left", "\\right", "\\,", "\\!", "\\;", "\\ "] {
        folded = folded.replace(look, "");
    }
    folded.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
}

/// A whole number of more digits than arithmetic is done with, without leading zeros.
fn long_number(text: &str) -> Option<String> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let long = text.len() > MAX_DIGITS.min(MAX_ANSWER_BYTES);
    (long && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("{sign}{}", digits.trim_start_matches('0')))
}

/// `2,74` and the like: at least two decimals, and not a group of thousands.
fn decimal_comma(text: &str) -> Option<Expression> {
    let (whole, fraction) = text.split_once(',')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let thousands = fraction.len() == 3 && whole.len() <= 3 && !whole.starts_with('0');
    if !digits(whole) || !digits(fraction) || fraction.len() < 2 || thousands {
        return None;
    }
    parser::number(&format!("{whole}.{fraction}"), "").ok()
}

/// Drops a pair of brackets directly within another of the same kind, however deep.
fn without_redundant_brackets(tokens: Vec<Token>) -> Result<Vec<Token>, String> {
    let closing = matching(&tokens)?;
    let mut keep = vec![true; tokens.len()];
    for (open, token) in tokens.iter().enumerate() {
        let (Token::Open(Bracket::Round | Bracket::Group), Some(Some(close))) = (token, closing.get(open)) else {
            continue;
        };
        let inner_close = closing.get(open + 1).copied().flatten();
        let same = tokens.get(open + 1) == Some(token) && inner_close == close.checked_sub(1);
        if same && tokens.get(*close) == close.checked_sub(1).and_then(|inner| tokens.get(inner)) {
            for at in [open, *close] {
                if let Some(slot) = keep.get_mut(at) {
                    *slot = false;
                }
            }
        }
    }
    Ok(tokens.into_iter().zip(keep).filter_map(|(token, keep)| keep.then_some(token)).collect())
}

/// For every opening bracket the place of its closing one. Round and square close each other, as in `[0, 1)`.
fn matching(tokens: &[Token]) -> Result<Vec<Option<usize>>, String> {
    let mut closing = vec![None; tokens.len()];
    let mut open: Vec<(usize, Token)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(_) | Token::Begin(_) => open.push((at, token.clone())),
            Token::Close(_) | Token::End(_) => {
                let (start, opener) = open.pop().ok_or("a closing bracket has no opening one")?;
                let fits = match (&opener, token) {
                    (Token::Open(Bracket::Round | Bracket::Square), Token::Close(Bracket::Round | Bracket::Square))
                    | (Token::Begin(_), Token::End(_)) => true,
                    (Token::Open(left), Token::Close(right)) => left == right,
                    _ => false,
                };
                if !fits {
                    return Err("its brackets do not match".to_owned());
                }
                if let Some(slot) = closing.get_mut(start) {
                    *slot = Some(at);
                }
            }
            _ => {}
        }
    }
    if open.is_empty() { Ok(closing) } else { Err("a bracket is not closed".to_owned()) }
}

/// Splits at the tokens that `test` picks outside brackets and bars.
fn split(tokens: &[Token], test: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(_) | Token::Begin(_) => depth += 1,
            Token::Close(_) | Token::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 && test(token) => {
                parts.push(tokens.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(tokens.get(start..).unwrap_or_default());
    parts
}

fn answer(tokens: &[Token], depth: usize) -> Result<Answer, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it is nested more than {MAX_DEPTH} levels deep"));
    }
    let tokens = trimmed(tokens);
    let connected = tokens.iter().any(|token| matches!(token, Token::And | Token::Or));
    for separators in [&[Token::Semicolon, Token::Row][..], &[Token::Comma, Token::And, Token::Or][..]] {
        let parts: Vec<&[Token]> =
            split(tokens, |token| separators.contains(token)).into_iter().filter(|part| !part.is_empty()).collect();
        if parts.len() > 1 {
            let items = parts.into_iter().map(|part| answer(part, depth + 1)).collect::<Result<Vec<_>, _>>()?;
            if connected && items.iter().all(|item| matches!(item, Answer::Words(_))) {
                return words(tokens).ok_or_else(|| "it holds no mathematics".to_owned());
            }
            let only_or = !tokens.iter().any(|token| matches!(token, Token::And | Token::Comma | Token::Semicolon));
            if only_or && items.iter().all(|item| matches!(item, Answer::Relation { .. } | Answer::Chain(_))) {
                return Ok(Answer::Union(items));
            }
            return Ok(Answer::List(grouped(spread_name(items))));
        }
    }
    let unions = split(tokens, |token| *token == Token::Union);
    if unions.len() > 1 {
        let (name, first) = membership(unions.first().copied().unwrap_or_default());
        let mut items = vec![answer(first, depth + 1)?];
        for part in unions.into_iter().skip(1) {
            items.push(answer(part, depth + 1)?);
        }
        let union = Answer::Union(items);
        return Ok(named_set(name, union));
    }
    let (name, set) = membership(tokens);
    if name.is_some() {
        return Ok(named_set(name, answer(set, depth + 1)?));
    }
    relation(tokens, depth)
}

/// `a = 4, -8, -10`: the first item's name is the name of the bare values after it.
fn spread_name(items: Vec<Answer>) -> Vec<Answer> {
    let mut name: Option<String> = None;
    items
        .into_iter()
        .map(|item| match (&name, item) {
            (_, Answer::Named { name: own, value, sides }) => {
                name = sides.as_ref().map(|_| own.clone());
                Answer::Named { name: own, value, sides }
            }
            (Some(name), Answer::Value(value)) => {
                let sides = (Expression::Symbol(name.clone()), value.clone());
                Answer::Named {
                    name: name.clone(),
                    value: Box::new(Answer::Value(value)),
                    sides: Some(Box::new(sides)),
                }
            }
            (_, other) => other,
        })
        .collect()
}

/// `p = 5, q = 2, p = 7, q = 2`: the names come round again, so that each round is one item.
fn grouped(items: Vec<Answer>) -> Vec<Answer> {
    let names: Option<Vec<&str>> = items
        .iter()
        .map(|item| match item {
            Answer::Named { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let Some(names) = names else { return items };
    let Some(period) = names.iter().skip(1).position(|name| Some(name) == names.first()).map(|at| at + 1) else {
        return items;
    };
    let regular = names.iter().enumerate().all(|(at, name)| names.get(at % period) == Some(name));
    if period < 2 || !regular || names.len() % period != 0 {
        return items;
    }
    items.chunks(period).map(|round| Answer::List(round.to_vec())).collect()
}

/// The name before `\in`, and the rest.
fn membership(tokens: &[Token]) -> (Option<String>, &[Token]) {
    match split(tokens, |token| *token == Token::Member).as_slice() {
        [left, right] if !right.is_empty() && left.len() <= 12 => {
            let words = left.iter().rposition(|token| matches!(token, Token::Word(_))).map_or(0, |at| at + 1);
            (Some(name_of(left.get(words..).unwrap_or_default())), right)
        }
        _ => (None, tokens),
    }
}

fn named_set(name: Option<String>, set: Answer) -> Answer {
    match name {
        Some(name) => Answer::Named { name, value: Box::new(set), sides: None },
        None => set,
    }
}

fn name_of(tokens: &[Token]) -> String {
    let grouping = |token: &&Token| matches!(token, Token::Open(Bracket::Group) | Token::Close(Bracket::Group));
    tokens.iter().filter(|token| !grouping(token)).map(plain_text).collect()
}

/// Without separators, words of introduction and ellipses at the ends.
fn trimmed(mut tokens: &[Token]) -> &[Token] {
    loop {
        match tokens {
            [
                Token::Comma | Token::Semicolon | Token::And | Token::Or | Token::Colon | Token::Arrow | Token::About,
                rest @ ..,
            ]
            | [rest @ .., Token::Comma | Token::Semicolon | Token::Colon | Token::Arrow | Token::About] => {
                tokens = rest;
            }
            [Token::Word(word), rest @ ..] if is_introduction(word) && !rest.is_empty() => tokens = rest,
            _ => return tokens,
        }
    }
}

fn is_introduction(word: &str) -> bool {
    matches!(
        word,
        "about"
            | "approximately"
            | "roughly"
            | "exactly"
            | "is"
            | "are"
            | "the"
            | "answer"
            | "solution"
            | "solutions"
            | "solve"
            | "therefore"
            | "thus"
            | "hence"
            | "either"
            | "both"
            | "equals"
            | "so"
            | "then"
            | "it"
            | "be"
            | "we"
            | "have"
            | "get"
    )
}

/// Equations, inequalities, chains, approximations, then everything without a comparison.
fn relation(tokens: &[Token], depth: usize) -> Result<Answer, String> {
    let tokens = split(tokens, |token| *token == Token::About);
    let tokens = match tokens.as_slice() {
        [only] => *only,
        [exact, ..] if !exact.is_empty() && !is_name_only(exact) => *exact,
        [name, value, ..] if !name.is_empty() => return named(name, value, depth, false),
        [_, value, ..] => value,
        _ => return Err("it is empty".to_owned()),
    };
    let sides = split(tokens, |token| matches!(token, Token::Comparison(_)));
    if sides.len() == 1 {
        return member(tokens, depth);
    }
    let comparisons = comparisons(tokens);
    if comparisons.iter().all(|comparison| *comparison == Comparison::Equal) {
        return equation(&sides, depth);
    }
    if sides.iter().any(|side| side.is_empty()) {
        return Err("a comparison has an empty side".to_owned());
    }
    let read = sides.iter().map(|side| scalar(side, depth)).collect::<Result<Vec<_>, _>>()?;
    let mut links: Vec<(Expression, Comparison, Expression)> = read
        .iter()
        .zip(read.iter().skip(1))
        .zip(comparisons)
        .map(|((left, right), comparison)| (left.clone(), comparison, right.clone()))
        .collect();
    if links.len() == 1
        && let Some((left, comparison, right)) = links.pop()
    {
        return Ok(Answer::Relation { left, comparison, right });
    }
    Ok(Answer::Chain(links))
}

fn comparisons(tokens: &[Token]) -> Vec<Comparison> {
    let mut depth = 0usize;
    let mut found = Vec::new();
    for token in tokens {
        match token {
            Token::Open(_) | Token::Begin(_) => depth += 1,
            Token::Close(_) | Token::End(_) => depth = depth.saturating_sub(1),
            Token::Comparison(comparison) if depth == 0 => found.push(*comparison),
            _ => {}
        }
    }
    found
}

/// `x = … = 5` gives `x` its last value; other equations keep both sides.
fn equation(sides: &[&[Token]], depth: usize) -> Result<Answer, String> {
    let (Some(first), Some(last)) = (sides.first(), sides.last()) else { return Err("it is empty".to_owned()) };
    if last.is_empty() {
        return Err("an equation has no right side".to_owned());
    }
    if first.is_empty() {
        return answer(last, depth + 1);
    }
    if is_name_only(first) {
        return named(first, last, depth, true);
    }
    if sides.len() == 2
        && is_name_only(last)
        && !is_name_only(first)
        && let Ok(value) = scalar(first, depth)
        && !mentions(&value, last)
    {
        return named(last, first, depth, true);
    }
    let right = member(last, depth)?;
    if sides.len() > 2 {
        return Ok(right);
    }
    let left = member(first, depth)?;
    match (left, right) {
        (Answer::Ratio(_) | Answer::Value(Expression::Call(Function::Named(_), _)), right) => Ok(right),
        (Answer::Value(left), Answer::Value(right)) => {
            if left.symbols().is_empty() && right.symbols().is_empty() {
                return Ok(Answer::Value(right));
            }
            Ok(Answer::Relation { left, comparison: Comparison::Equal, right })
        }
        // `2 + 3 = 5 cm`, `(1, 2) = …`: what is said last is the answer.
        (Answer::Tuple { .. }, right @ Answer::Tuple { .. }) => Ok(named_set(Some(name_of(first)), right)),
        (Answer::Value(left), right) if left.symbols().is_empty() => Ok(right),
        _ => Err("an equation's side is no expression".to_owned()),
    }
}

fn mentions(value: &Expression, name: &[Token]) -> bool {
    let name = name_of(name);
    value.symbols().contains(&name)
}

/// A symbol, a function applied to names, a tuple of names, a length or angle: what can be given a value.
fn is_name_only(tokens: &[Token]) -> bool {
    let has_letter = tokens.iter().any(|token| matches!(token, Token::Letter(_) | Token::Word(_)));
    let simple = tokens.iter().enumerate().all(|(at, token)| match token {
        Token::Letter(_)
        | Token::Prime
        | Token::Underscore
        | Token::Bar
        | Token::Comma
        | Token::Colon
        | Token::Times => true,
        Token::Open(bracket) | Token::Close(bracket) => !matches!(bracket, Bracket::Floor | Bracket::Ceiling),
        Token::Number { .. } => at > 0 && !matches!(tokens.get(at - 1), Some(Token::Times | Token::Colon)),
        Token::Command(name) => name == "frac",
        _ => false,
    });
    if tokens.first().is_some_and(|token| matches!(token, Token::Letter(name) if name == "e" || name == "i"))
        && tokens.len() == 1
    {
        return false;
    }
    has_letter && simple && tokens.len() <= 16
}

fn named(name: &[Token], value: &[Token], depth: usize, exact: bool) -> Result<Answer, String> {
    let value = answer(value, depth + 1)?;
    let sides = match (&value, exact) {
        (Answer::Value(right), true) => scalar(name, depth).ok().map(|left| Box::new((left, right.clone()))),
        _ => None,
    };
    Ok(Answer::Named { name: name_of(name), value: Box::new(value), sides })
}

fn scalar(tokens: &[Token], depth: usize) -> Result<Expression, String> {
    let tokens = trimmed(tokens);
    let (value, unit) = split_unit(tokens);
    parser::expression(if unit.is_empty() { tokens } else { value }, depth)
}

/// An answer without comparisons: a set, tuple, ratio, measured value, word or expression.
fn member(tokens: &[Token], depth: usize) -> Result<Answer, String> {
    let tokens = trimmed(tokens);
    if tokens.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(collection) = collection(tokens, depth)? {
        return Ok(collection);
    }
    if let [Token::Number { digits, .. }, Token::Underscore, rest @ ..] = tokens
        && let Some(base) = base_of(rest)
    {
        return Ok(Answer::Based { digits: digits.clone(), base });
    }
    if tokens.contains(&Token::Ellipsis) {
        return words(tokens).or_else(|| Some(Answer::Words(spelled(tokens)))).ok_or_else(String::new);
    }
    let ratio = split(tokens, |token| *token == Token::Colon);
    if ratio.len() > 1 {
        return ratio.iter().map(|part| scalar(part, depth)).collect::<Result<_, _>>().map(Answer::Ratio);
    }
    if let [value @ .., Token::Percent] = tokens
        && !value.is_empty()
    {
        return parser::expression(value, depth).map(Answer::Percent);
    }
    let (value, unit) = split_unit(tokens);
    if let [value @ .., Token::Percent] = value
        && !unit.is_empty()
        && !value.is_empty()
    {
        return parser::expression(value, depth).map(Answer::Percent);
    }
    if !unit.is_empty() && !value.is_empty() {
        return parser::expression(value, depth).map(|value| Answer::Measured { value, unit });
    }
    parser::expression(tokens, depth).map(Answer::Value).or_else(|reason| words(tokens).ok_or(reason))
}

fn base_of(tokens: &[Token]) -> Option<u32> {
    let ([Token::Number { digits, .. }]
    | [Token::Open(Bracket::Group), Token::Number { digits, .. }, Token::Close(Bracket::Group)]) = tokens
    else {
        return None;
    };
    digits.parse().ok().filter(|base| (2..=36).contains(base))
}

/// A bracket that holds all of `tokens` and separates items.
fn collection(tokens: &[Token], depth: usize) -> Result<Option<Answer>, String> {
    let ([Token::Open(open), .., Token::Close(close)], closing) = (tokens, matching(tokens)?) else { return Ok(None) };
    if closing.first().copied().flatten() != tokens.len().checked_sub(1) {
        return Ok(None);
    }
    let inner = tokens.get(1..tokens.len() - 1).unwrap_or_default();
    let items = || {
        let by_semicolon = split(inner, |token| *token == Token::Semicolon);
        let parts = if by_semicolon.len() > 1 { by_semicolon } else { split(inner, |token| *token == Token::Comma) };
        parts.into_iter().map(|part| answer(part, depth + 1)).collect::<Result<Vec<_>, _>>()
    };
    let separated = split(inner, |token| matches!(token, Token::Comma | Token::Semicolon)).len() > 1;
    match open {
        Bracket::Set => {
            if inner.is_empty() {
                return Ok(Some(Answer::Set(Vec::new())));
            }
            if let [_, condition] = split(inner, |token| matches!(token, Token::Bar | Token::Colon)).as_slice()
                && condition.iter().any(|token| matches!(token, Token::Comparison(_)))
            {
                return answer(condition, depth + 1).map(Some);
            }
            Ok(Some(Answer::Set(items()?)))
        }
        Bracket::Group if separated => Ok(Some(Answer::Set(items()?))),
        Bracket::Group => answer(inner, depth + 1).map(Some),
        Bracket::Round | Bracket::Square | Bracket::Angle if separated => Ok(Some(Answer::Tuple {
            items: items()?,
            left_closed: *open == Bracket::Square,
            right_closed: *close == Bracket::Square,
        })),
        Bracket::Round if parser::expression(tokens, depth).is_err() => answer(inner, depth + 1).map(Some),
        Bracket::Square if matches!(inner, [Token::Begin(_), ..]) || separated => answer(inner, depth + 1).map(Some),
        Bracket::Square if *close == Bracket::Square => answer(inner, depth + 1).map(Some),
        _ => Ok(None),
    }
}

/// A value, and the unit that follows it (or the currency sign before it).
fn split_unit(tokens: &[Token]) -> (&[Token], String) {
    if let [Token::Currency, rest @ ..] = tokens {
        let (value, unit) = split_trailing_unit(rest);
        return (value, if unit.is_empty() { "dollars".to_owned() } else { unit });
    }
    split_trailing_unit(tokens)
}

fn split_trailing_unit(tokens: &[Token]) -> (&[Token], String) {
    if let [Token::Minus, Token::Currency, ..] = tokens {
        return (tokens, String::new());
    }
    let mut start = tokens.len();
    let mut words = 0;
    while let Some(previous) = start.checked_sub(1) {
        match tokens.get(previous) {
            Some(Token::Word(_) | Token::Currency) => words += 1,
            // Within a function, degrees are part of its argument.
            Some(Token::Degree) if !tokens.iter().any(|token| matches!(token, Token::Function(_))) => words += 1,
            Some(Token::Letter(letter)) if start == tokens.len() && matches!(letter.as_str(), "C" | "F") => {
                if tokens.get(previous.wrapping_sub(1)) != Some(&Token::Degree) {
                    break;
                }
            }
            Some(Token::Number { .. }) if previous > 1 && tokens.get(previous - 1) == Some(&Token::Caret) => {
                if !matches!(tokens.get(previous - 2), Some(Token::Word(_))) {
                    break;
                }
                start = previous - 1;
                continue;
            }
            Some(Token::Close(Bracket::Group))
                if previous > 3
                    && matches!(
                        tokens.get(previous - 4..previous),
                        Some([Token::Word(_), Token::Caret, Token::Open(Bracket::Group), Token::Number { .. }])
                    ) =>
            {
                start = previous - 3;
                continue;
            }
            Some(Token::Divide | Token::Times)
                if words > 0
                    && matches!(tokens.get(previous.wrapping_sub(1)), Some(Token::Word(_) | Token::Number { .. })) => {}
            _ => break,
        }
        start = previous;
    }
    if words == 0 || start == 0 {
        return (tokens, String::new());
    }
    while matches!(tokens.get(start), Some(Token::Times)) {
        start += 1;
    }
    let unit = tokens.get(start..).unwrap_or_default();
    let name = unit
        .iter()
        .filter(|token| !matches!(token, Token::Open(_) | Token::Close(_)))
        .map(|token| if *token == Token::Currency { "dollars".to_owned() } else { plain_text(token) })
        .collect::<Vec<_>>()
        .join(" ");
    let value = tokens.get(..start).unwrap_or_default();
    (value.strip_suffix(&[Token::Times]).unwrap_or(value), name)
}

/// The tokens as words, when at least one of them is one, or all are letters.
fn words(tokens: &[Token]) -> Option<Answer> {
    tokens.iter().any(|token| matches!(token, Token::Word(_))).then(|| Answer::Words(spelled(tokens)))
}

fn spelled(tokens: &[Token]) -> String {
    tokens.iter().map(plain_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
