//! The template language of judges.
//!
//! A placeholder is `{name}` where `name` is a part of the sample (`query`, `response`, `responses`, `reference` or
//! `reference_response`, `context`, `history`, `messages`), a setting (`rubrics`, `min_score`, `max_score`), or a
//! field that the configuration maps. Any other `{word}` is filled from the column of that name where a row has it,
//! except `score`, `reason`, `rank` and `ranks`, which templates use to describe the reply. Everything else is literal
//! text: `{"score": <0-1>}` needs no escapes. Doubled braces are read as by Python's `str.format`: `{{` stands for
//! `{`, and the `}}` that closes it for `}`; so `{{query}}` is the literal text `{query}`. A `}}` that closes two
//! single braces stays as it is.

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Query,
    Response,
    Responses,
    Reference,
    Context,
    /// The turns before the query; all turns where the template has no `{query}`.
    History,
    Messages,
    Rubrics,
    MinScore,
    MaxScore,
    /// A field that the configuration maps to a column: required.
    Mapped(String),
    /// A column by its own name: filled in rows that have it, else literal.
    Column(String),
}

impl Field {
    /// What a template calls it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Query => "query",
            Self::Response => "response",
            Self::Responses => "responses",
            Self::Reference => "reference",
            Self::Context => "context",
            Self::History => "history",
            Self::Messages => "messages",
            Self::Rubrics => "rubrics",
            Self::MinScore => "min_score",
            Self::MaxScore => "max_score",
            Self::Mapped(name) | Self::Column(name) => name,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Field(Field),
}

/// Words that describe the reply rather than the sample.
const REPLY_WORDS: [&str; 4] = ["score", "reason", "rank", "ranks"];

/// Splits a template; `is_mapped` says which names the configuration maps.
pub(super) fn parse(template: &str, is_mapped: impl Fn(&str) -> bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut open = Vec::new();
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        if let Some(after) = rest.strip_prefix("{{") {
            open.push(Brace::Doubled);
            text.push('{');
            rest = after;
            continue;
        }
        if let Some((field, after)) = placeholder(rest, &is_mapped) {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Field(field));
            rest = after;
            continue;
        }
        rest = after;
        match character {
            '{' => open.push(Brace::Single),
            '}' if open.pop() == Some(Brace::Doubled) => rest = after.strip_prefix('}').unwrap_or(after),
            _ => {}
        }
        text.push(character);
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brace {
    Single,
    Doubled,
}

fn placeholder(rest: &str, is_mapped: impl Fn(&str) -> bool) -> Option<(Field, &str)> {
    let (name, after) = rest.strip_prefix('{')?.split_once('}')?;
    let field = match name {
        "query" => Field::Query,
        "response" => Field::Response,
        "responses" => Field::Responses,
        "reference" | "reference_response" => Field::Reference,
        "context" => Field::Context,
        "history" => Field::History,
        "messages" => Field::Messages,
        "rubrics" => Field::Rubrics,
        "min_score" => Field::MinScore,
        "max_score" => Field::MaxScore,
        _ if is_mapped(name) => Field::Mapped(name.to_owned()),
        _ if is_word(name) && !REPLY_WORDS.contains(&name) => Field::Column(name.to_owned()),
        _ => return None,
    };
    Some((field, after))
}

fn is_word(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(template: &str) -> String {
        let pieces = parse(template, |name| name == "score of the year");
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Field(Field::Mapped(name)) => format!("«mapped {name}»"),
                Piece::Field(Field::Column(name)) => format!("«column {name}»"),
                Piece::Field(field) => format!("«{field:?}»"),
            })
            .collect()
    }

    #[test]
    fn placeholders_are_filled_and_everything_else_is_literal() {
        for (template, expected) in [
            ("Query: {query}\nResponse: {response}", "Query: «Query»\nResponse: «Response»"),
            (r#"JSON: {"score": <0-1>, "reason": "…"}"#, r#"JSON: {"score": <0-1>, "reason": "…"}"#),
            ("Reply with {score} and {reason}", "Reply with {score} and {reason}"),
            (r#"{"score": {score}, "r": {response}}"#, r#"{"score": {score}, "r": «Response»}"#),
            (r#"{"a": {"b": 1}}"#, r#"{"a": {"b": 1}}"#),
            ("{topic} {score of the year}", "«column topic» «mapped score of the year»"),
            ("a { query } b {} c {0} {x:.2f} {", "a { query } b {} c {0} {x:.2f} {"),
            ("} { } }}", "} { } }}"),
            ("{reference_response}{min_score}-{max_score}", "«Reference»«MinScore»-«MaxScore»"),
        ] {
            assert_eq!(shown(template), expected, "{template}");
        }
    }

    #[test]
    fn doubled_braces_are_read_as_by_str_format() {
        for (template, expected) in [
            (r#"{{"score": 1, "reason": "x"}} {query}"#, r#"{"score": 1, "reason": "x"} «Query»"#),
            (r#"{{"a": {{"b": 1}}}}"#, r#"{"a": {"b": 1}}"#),
            (r#"{{"a": {response}}}"#, r#"{"a": «Response»}"#),
            ("{{query}}", "{query}"),
            ("{{{query}}}", "{«Query»}"),
        ] {
            assert_eq!(shown(template), expected, "{template}");
        }
    }
}
