//! What a parser's error means to the one who has to mend it, in the words of `CPython` where it has good ones.

use code_blocks::Source;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{LexicalErrorType, ParseError, ParseErrorType};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::problem::{Follows, Problem, lower_case_start};

pub(crate) const UNTERMINATED_TRIPLE: &str =
    "unterminated triple-quoted string literal: there is a triple quote too many or too few up to here";

/// Words that begin a later part of a statement.
const CLAUSES: [&str; 4] = ["else", "elif", "except", "finally"];

/// Tokens in front of an error among which the word that begins its statement is looked for.
const LONGEST_HEADER: usize = 200;

/// Characters of a token that a message shows.
const LONGEST_TOKEN: usize = 30;

/// The error with a message that says what to do, at the place to do it.
pub(crate) fn explained(source: &Source<'_>, tokens: &[Token], error: &ParseError) -> Problem {
    let place = Place::new(source, tokens, error.location);
    let message = match &error.error {
        ParseErrorType::ExpectedToken { expected, found } => expected_token(&place, *expected, *found),
        ParseErrorType::ExpectedExpression => Some(expected_expression(&place)),
        ParseErrorType::SimpleStatementsOnSameLine => Some(side_by_side(&place)),
        ParseErrorType::UnexpectedIndentation => Some("unexpected indent".to_owned()),
        ParseErrorType::InvalidAssignmentTarget => Some(cannot_assign(place.text)),
        ParseErrorType::Lexical(error) => lexical(&place, error),
        ParseErrorType::OtherError(message) if message == "Expected a statement" => expected_statement(&place),
        _ => None,
    };
    let message = message.unwrap_or_else(|| lower_case_start(&error.error.to_string()));
    let follows = match &error.error {
        ParseErrorType::UnexpectedIndentation => Follows::LineAbove,
        _ if CLAUSES.contains(&place.first()) => Follows::Header,
        _ => Follows::Nothing,
    };
    Problem { message, range: shown(source, error.location), follows }
}

/// What stands at an error and around it.
struct Place<'a> {
    text: &'a str,
    at: TextSize,
    source: &'a Source<'a>,
    /// The tokens in front of the error, comments left in.
    before: &'a [Token],
    /// The token at the error, and those behind it.
    from: &'a [Token],
}

impl<'a> Place<'a> {
    fn new(source: &'a Source<'a>, tokens: &'a [Token], range: TextRange) -> Self {
        let at = tokens.partition_point(|token| token.end() <= range.start());
        let (before, from) = tokens.split_at(at);
        Self { text: source.text(range), at: range.start(), source, before, from }
    }

    /// Of a long token, such as a string over several lines, its end.
    fn token_text(&self, token: Option<&Token>) -> &'a str {
        let text = token.map_or("", |token| self.source.text(token.range()));
        let line = text.rsplit('\n').next().unwrap_or_default();
        let cut = line.char_indices().rev().nth(LONGEST_TOKEN).map_or(0, |(at, _)| at);
        line.get(cut..).unwrap_or_default()
    }

    fn last(&self) -> &'a str {
        self.token_text(self.before.last())
    }

    fn first(&self) -> &'a str {
        self.token_text(self.from.first())
    }

    /// The first word of the statement that the error stands in, when it is not far.
    fn statement(&self) -> &'a str {
        use TokenKind::{Comment, Dedent, Indent, Newline, NonLogicalNewline, Semi};
        let near = self.before.len().saturating_sub(LONGEST_HEADER);
        let start = self.before.iter().skip(near).rposition(|token| matches!(token.kind(), Newline | Semi));
        let mut words = self.before.iter().skip(start.map_or(near, |end| near + end + 1));
        self.token_text(words.find(|token| !matches!(token.kind(), Comment | Dedent | Indent | NonLogicalNewline)))
    }

    fn is_at_line_end(&self) -> bool {
        self.from.first().is_none_or(|token| token.kind().is_any_newline() || token.kind() == TokenKind::EndOfFile)
    }

    /// Whether the token in front ends where the error begins.
    fn is_glued(&self) -> bool {
        self.before.last().is_some_and(|token| token.end() == self.at)
    }
}

fn expected_token(place: &Place<'_>, expected: TokenKind, found: TokenKind) -> Option<String> {
    use TokenKind::{Colon, Comma, Equal, If};
    let is_condition = ["if", "elif", "while"].contains(&place.statement());
    match (expected, found) {
        (Colon, Equal) if is_condition => {
            Some("invalid syntax: '=' assigns; maybe you meant '==' or ':=' instead of '='".to_owned())
        }
        (Colon, If) if place.last() == "else" => {
            Some("expected ':' after 'else'; use 'elif' instead of 'else if'".to_owned())
        }
        (Colon, _) if place.is_at_line_end() => {
            Some(format!("expected ':' at the end of the '{}' line", place.statement()))
        }
        (Colon, _) => Some(format!("expected ':' before '{}'", place.first())),
        (Comma, Equal) if is_condition => {
            Some("invalid syntax: maybe you meant '==' or ':=' instead of '='".to_owned())
        }
        (Comma, _) if place.is_at_line_end() => None,
        (Comma, _) => Some(format!("invalid syntax at '{}'; perhaps you forgot a comma", place.first())),
        _ => None,
    }
}

fn expected_expression(place: &Place<'_>) -> String {
    let pair = format!("{}{}", place.last(), place.first());
    match pair.as_str() {
        "&&" => "'&&' is no operator of Python; use 'and'".to_owned(),
        "||" => "'||' is no operator of Python; use 'or'".to_owned(),
        "<>" => "'<>' is no operator of Python; use '!='".to_owned(),
        "===" | "!==" => "Python compares with '==' and '!='".to_owned(),
        _ if place.first() == "!" => "'!' is no operator of Python; use 'not'".to_owned(),
        _ if is_increment(place) => {
            format!("'{0}{0}' is no operator of Python; use '{0}= 1'", place.last())
        }
        _ if place.is_at_line_end() => format!("expected an expression after '{}'", place.last()),
        _ => format!("invalid syntax: expected an expression before '{}'", place.first()),
    }
}

/// `x++` or `x--`.
fn is_increment(place: &Place<'_>) -> bool {
    let [.., first, second] = place.before else { return false };
    first.kind() == second.kind()
        && first.end() == second.start()
        && matches!(first.kind(), TokenKind::Plus | TokenKind::Minus)
        && place.is_at_line_end()
}

fn side_by_side(place: &Place<'_>) -> String {
    let number = matches!(place.before.last().map(Token::kind), Some(TokenKind::Int | TokenKind::Float));
    match place.last() {
        word @ ("print" | "exec") => format!("missing parentheses in call to '{word}'; did you mean {word}(...)?"),
        literal if number && place.is_glued() => {
            format!("invalid decimal literal: '{}' follows '{literal}' without an operator", place.first())
        }
        last => format!("invalid syntax: nothing joins '{last}' and '{}'", place.first()),
    }
}

fn expected_statement(place: &Place<'_>) -> Option<String> {
    let first = place.first();
    Some(match first {
        _ if CLAUSES.contains(&first) => {
            format!("invalid syntax: '{first}' has no statement above that it belongs to")
        }
        ")" | "]" | "}" => format!("unmatched '{first}'"),
        _ if place.is_at_line_end() => return None,
        _ => format!("invalid syntax: a statement cannot begin with '{first}'"),
    })
}

fn lexical(place: &Place<'_>, error: &LexicalErrorType) -> Option<String> {
    let is_triple = place.text.contains("\"\"\"") || place.text.contains("'''");
    Some(match error {
        LexicalErrorType::UnclosedStringError if is_triple => UNTERMINATED_TRIPLE.to_owned(),
        LexicalErrorType::UnclosedStringError => "unterminated string literal".to_owned(),
        LexicalErrorType::UnrecognizedToken { tok } => unknown_character(*tok),
        LexicalErrorType::UnicodeError => "invalid escape in a string: '\\x' takes two hexadecimal digits, '\\u' four, '\\U' eight, '\\N' a name in braces".to_owned(),
        LexicalErrorType::OtherError(message) if message.starts_with("Invalid decimal integer") => {
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers".to_owned()
        }
        LexicalErrorType::LineContinuationError => "unexpected character after line continuation character '\\'".to_owned(),
        _ => return None,
    })
}

fn unknown_character(found: char) -> String {
    let code = u32::from(found);
    match found {
        '“' | '”' | '„' | '«' | '»' => {
            format!("invalid character '{found}' (U+{code:04X}); use the straight quote '\"'")
        }
        '‘' | '’' | '‚' => format!("invalid character '{found}' (U+{code:04X}); use the straight quote '\\''"),
        '–' | '—' | '−' => format!("invalid character '{found}' (U+{code:04X}); use '-'"),
        '$' | '?' | '`' => format!("invalid syntax: '{found}' is no part of Python"),
        _ if found.is_control() || found.is_whitespace() => format!("invalid non-printable character U+{code:04X}"),
        _ => format!("invalid character '{found}' (U+{code:04X})"),
    }
}

fn cannot_assign(target: &str) -> String {
    let kind = match target {
        "None" | "True" | "False" => return format!("cannot assign to {target}"),
        _ if target.starts_with(|c: char| c.is_ascii_digit() || ['"', '\''].contains(&c)) => "a literal",
        _ if target.ends_with(')') && !target.starts_with('(') => "a function call",
        _ => "this expression",
    };
    format!("cannot assign to {kind}; maybe you meant '==' instead of '='")
}

/// An error at the end of a line is shown there, not at the start of the next one; one of indentation where the
/// line's text begins.
fn shown(source: &Source<'_>, range: TextRange) -> TextRange {
    let text = source.text(range);
    if text.starts_with('\n') {
        TextRange::empty(range.start())
    } else if !text.is_empty() && text.chars().all(|c| [' ', '\t'].contains(&c)) {
        TextRange::empty(range.end())
    } else {
        range
    }
}
