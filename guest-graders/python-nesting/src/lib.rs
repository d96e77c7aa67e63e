//! How deep a parser has to go for a piece of code, measured before it is parsed.
//!
//! The parser, the walks over its tree and the tree's own release are recursive, and the host gives a grader 512 KiB
//! of stack. Code that nests deeper than [`LIMIT`] is not parsed at all. The weights follow what each kind of nesting
//! took of that stack in wasmtime 48: 0.8 KiB a bracket, 2.2 KiB an f-string with its field, 0.9 KiB a prefix
//! operator, 0.3 KiB a binary operator, an attribute or a call in a chain. At the limit, a third of it is used.

mod bound;

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// The greatest measure that is parsed: a hundred nested brackets, two hundred operators like `not` in front of an
/// operand, or six hundred operators in a row.
const LIMIT: usize = 600;

/// What a bracket or a level of indentation weighs, against one binary operator.
const LEVEL: usize = 5;

/// What an operator weighs that opens its operand, instead of adding one to what stands before it.
const PREFIX: usize = 3;

/// Whether the code nests too deep to be parsed here.
pub fn is_too_deep(code: &str) -> bool {
    bound::at_most(code) > LIMIT && measure(code) > LIMIT
}

fn measure(code: &str) -> usize {
    let measure = Measure::of(code);
    indentation(code).max(measure.deepest_indent) * LEVEL + measure.deepest
}

/// Levels of indentation. Lines inside brackets and strings count, too: while it recovers from an error, the parser
/// may take them for statements.
fn indentation(code: &str) -> usize {
    let mut open: Vec<usize> = Vec::new();
    let mut deepest = 0;
    for line in code.lines() {
        let text = line.trim_start();
        if text.is_empty() {
            continue;
        }
        let width = line.len() - text.len();
        while open.last().is_some_and(|outer| *outer >= width) {
            open.pop();
        }
        open.push(width);
        deepest = deepest.max(open.len());
    }
    deepest
}

/// One bracket's content, or a statement.
#[derive(Default)]
struct Level {
    opened_by: Option<TokenKind>,
    /// Operators since the last comma.
    chain: usize,
    /// Headers of statements, which a comma does not end.
    headers: usize,
    /// Lambdas whose colon has not come: a comma belongs to their parameters.
    lambdas: usize,
}

/// The deepest expression: its open brackets and the operators that stand in line at each of them.
struct Measure {
    /// Never empty.
    levels: Vec<Level>,
    /// The sum over all levels.
    sum: usize,
    deepest: usize,
    /// Indents without their dedents: a line that fits no outer one ends no block.
    indent: usize,
    deepest_indent: usize,
    /// At the start of a line within brackets, which goes on with a chain only when an operator joins it.
    at_line_start: bool,
    last_joins: bool,
    /// Whether the last token may be the left side of an operator.
    last_is_operand: bool,
}

impl Measure {
    fn of(code: &str) -> Self {
        let mut lexer = lexer::lex(code, Mode::Module);
        let mut measure = Self::new();
        loop {
            match lexer.next_token() {
                TokenKind::EndOfFile => return measure,
                TokenKind::Indent => {
                    measure.indent += 1;
                    measure.deepest_indent = measure.deepest_indent.max(measure.indent);
                }
                TokenKind::Dedent => measure.indent = measure.indent.saturating_sub(1),
                token => measure.read(token),
            }
        }
    }

    fn new() -> Self {
        Self {
            levels: vec![Level::default()],
            sum: 0,
            deepest: 0,
            indent: 0,
            deepest_indent: 0,
            at_line_start: false,
            last_joins: false,
            last_is_operand: false,
        }
    }

    fn read(&mut self, token: TokenKind) {
        if token == TokenKind::Newline && self.is_complete() {
            return self.end_statement();
        }
        if matches!(token, TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::Comment) {
            self.at_line_start = !self.last_joins;
            return;
        }
        let joins = joins(token);
        if std::mem::take(&mut self.at_line_start) && !joins {
            self.end_headers();
            self.end_chain();
        }
        self.weigh(token, joins);
        self.last_joins = joins;
        self.last_is_operand = !joins && !is_opening(token) && !is_separator(token);
    }

    fn weigh(&mut self, token: TokenKind, joins: bool) {
        let is_outermost = self.levels.len() == 1;
        if is_opening(token) {
            self.join(1);
            self.open(token);
        } else if is_closing(token) {
            self.close(token);
        } else if token == TokenKind::Comma {
            self.end_chain();
        } else if token == TokenKind::Lambda {
            self.join(LEVEL);
            self.change(|level| level.lambdas += 1);
        } else if token == TokenKind::Colon {
            self.change(|level| level.lambdas = level.lambdas.saturating_sub(1));
        } else if is_header(token) || (is_outermost && is_condition(token)) {
            self.change(|level| level.headers += LEVEL);
            self.add(LEVEL);
        } else if joins {
            self.join(if self.last_is_operand && !is_prefix(token) { 1 } else { PREFIX });
        }
    }

    fn open(&mut self, token: TokenKind) {
        self.levels.push(Level { opened_by: Some(token), ..Level::default() });
        self.add(LEVEL);
    }

    /// Closes the innermost level when the bracket fits; any other stays open, as it may for a parser that recovers.
    fn close(&mut self, token: TokenKind) {
        let fits = self.levels.last().and_then(|level| level.opened_by).is_some_and(|open| closes(open, token));
        if let Some(level) = self.levels.pop_if(|_| fits) {
            self.sum -= level.chain + level.headers + LEVEL;
        }
    }

    fn join(&mut self, weight: usize) {
        self.change(|level| level.chain += weight);
        self.add(weight);
    }

    fn end_chain(&mut self) {
        if let Some(level) = self.levels.last_mut().filter(|level| level.lambdas == 0) {
            self.sum -= std::mem::take(&mut level.chain);
        }
    }

    fn end_headers(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.sum -= std::mem::take(&mut level.headers);
        }
    }

    /// Whether the statement can end here. The lexer ends it at brackets that do not fit and at a lambda without its
    /// colon, too; the parser goes on.
    fn is_complete(&self) -> bool {
        self.levels.len() == 1 && self.levels.iter().all(|level| level.lambdas == 0)
    }

    fn end_statement(&mut self) {
        let Self { deepest, indent, deepest_indent, .. } = *self;
        *self = Self { deepest, indent, deepest_indent, ..Self::new() };
    }

    fn change(&mut self, change: impl FnOnce(&mut Level)) {
        if let Some(level) = self.levels.last_mut() {
            change(level);
        }
    }

    fn add(&mut self, weight: usize) {
        self.sum += weight;
        self.deepest = self.deepest.max(self.sum);
    }
}

fn is_opening(token: TokenKind) -> bool {
    use TokenKind::{FStringStart, Lbrace, Lpar, Lsqb, TStringStart};
    matches!(token, Lpar | Lsqb | Lbrace | FStringStart | TStringStart)
}

fn is_closing(token: TokenKind) -> bool {
    use TokenKind::{FStringEnd, Rbrace, Rpar, Rsqb, TStringEnd};
    matches!(token, Rpar | Rsqb | Rbrace | FStringEnd | TStringEnd)
}

fn closes(open: TokenKind, close: TokenKind) -> bool {
    use TokenKind::{FStringEnd, FStringStart, Lbrace, Lpar, Lsqb, Rbrace, Rpar, Rsqb, TStringEnd, TStringStart};
    matches!(
        (open, close),
        (Lpar, Rpar) | (Lsqb, Rsqb) | (Lbrace, Rbrace) | (FStringStart, FStringEnd) | (TStringStart, TStringEnd)
    )
}

/// Words that begin a statement with a body, and `yield`, whose value may hold commas.
fn is_header(token: TokenKind) -> bool {
    use TokenKind::{Async, Case, Class, Def, Elif, Except, Finally, Match, Try, While, With, Yield};
    matches!(token, Async | Case | Class | Def | Elif | Except | Finally | Match | Try | While | With | Yield)
}

/// Words that begin a statement with a body, or stand in an expression.
fn is_condition(token: TokenKind) -> bool {
    matches!(token, TokenKind::If | TokenKind::For | TokenKind::Else)
}

/// Operators that open their operand wherever they stand; `**` joins from right to left.
fn is_prefix(token: TokenKind) -> bool {
    use TokenKind::{Await, DoubleStar, From, Not};
    matches!(token, Await | DoubleStar | From | Not)
}

/// Whether the token joins what stands on both sides of it, or stands before an operand: an operator, or a word
/// that works like one.
fn joins(token: TokenKind) -> bool {
    use TokenKind::{And, Await, Dot, Exclamation, From, In, Is, Lambda, Lpar, Lsqb, Not, Or, Yield};
    matches!(token, And | Await | Dot | Exclamation | From | In | Is | Lambda | Lpar | Lsqb | Not | Or | Yield)
        || is_condition(token)
        || token.is_operator() && !is_closing(token) && !is_opening(token) && !is_separator(token)
}

fn is_separator(token: TokenKind) -> bool {
    use TokenKind::{Colon, Comma, Ellipsis, Rarrow, Semi};
    matches!(token, Colon | Comma | Ellipsis | Rarrow | Semi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_of_every_kind_is_measured() {
        for (deep, flat) in [
            ("(".repeat(300), "()\n".repeat(300)),
            (format!("x = {}1{}", "[".repeat(300), "]".repeat(300)), format!("x = [{}]", "[1], ".repeat(300))),
            ("x = 1".to_owned() + &"+1".repeat(2_000), "x = 1 + 1\n".repeat(2_000)),
            ("x = ".to_owned() + &"not ".repeat(2_000) + "y", "x = not y\n".repeat(2_000)),
            ("x = a".to_owned() + &".b".repeat(2_000), format!("x = [{}]", "a.b, ".repeat(2_000))),
            ("x = f".to_owned() + &"()".repeat(2_000), format!("x = [{}]", "f(), ".repeat(2_000))),
            ("x = ".to_owned() + &"lambda a, b: ".repeat(300) + "1", "x = lambda a, b: 1\n".repeat(300)),
            ("x = ".to_owned() + &"1 if y else ".repeat(2_000) + "1", "x = 1 if y else 2\n".repeat(2_000)),
            (format!("x = (a\n{})", "    + b\n".repeat(2_000)), format!("x = (\n{})", "    a,\n".repeat(2_000))),
            ("[ }\n".repeat(300), "[]\n".repeat(300)),
            ("lambda x |\n".repeat(300), "lambda x: 1\n".repeat(300)),
            ("yield 1, ".repeat(300), "yield 1, 2\n".repeat(300)),
            ("if x:\n     y\n z\n".repeat(300), "if x:\n     y\nz\n".repeat(300)),
            ("f'{".repeat(200), "f'{x}'\n".repeat(200)),
            ((0..300).map(|n| " ".repeat(n) + "if x:\n").collect::<Vec<_>>().concat(), "if x:\n    y\n".repeat(300)),
        ] {
            assert!(is_too_deep(&deep), "{}", &deep[..40]);
            assert!(!is_too_deep(&flat), "{}", &flat[..40]);
        }
    }

    #[test]
    fn one_forgotten_bracket_does_not_make_a_file_deep() {
        let code = "print(f(5)\n".to_owned() + &"def f(a, b):\n    x = a + b * 2\n    return g(x)\n".repeat(60);
        assert!(!is_too_deep(&code));
    }
}
