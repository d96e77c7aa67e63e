//! Rust: the parser of rust-analyzer, which goes on behind an error.

use code_blocks::Source;
use ra_ap_parser::{Edition, LexedStr, StrStep, TopEntryPoint};

use crate::{
    nesting::{self, Lexis},
    problem::{Problem, TooDeep, first_of_each_line, lower_case_start},
};

const LEXIS: Lexis = Lexis { line_comments: &["//"], block_comments: true, quotes: b"\"", long_quotes: b"\"" };

/// Valid is a file, or what may stand in the body of a function, as answers often show only that.
pub(crate) fn problems(source: &Source<'_>) -> Result<Vec<Problem>, TooDeep> {
    if nesting::is_too_deep(source.code, &LEXIS, nesting::LIMIT) {
        return Err(TooDeep);
    }
    let lexed = LexedStr::new(Edition::Edition2021, source.code);
    let as_file = problems_as(source, &lexed, &TopEntryPoint::SourceFile);
    if as_file.is_empty() {
        return Ok(as_file);
    }
    let as_body = problems_as(source, &lexed, &TopEntryPoint::MacroStmts);
    let first = |problems: &[Problem]| problems.first().map(|problem| problem.range.start());
    Ok(if as_body.is_empty() || first(&as_body) > first(&as_file) { as_body } else { as_file })
}

fn problems_as(source: &Source<'_>, lexed: &LexedStr<'_>, entry: &TopEntryPoint) -> Vec<Problem> {
    let output = entry.parse(&lexed.to_input(Edition::Edition2021));
    let mut problems: Vec<Problem> = lexed
        .errors()
        .map(|(token, message)| Problem::at(source, lower_case_start(message), lexed.text_range(token)))
        .collect();
    lexed.intersperse_trivia(&output, &mut |step| {
        if let StrStep::Error { msg, pos } = step {
            problems.push(Problem::at_place(source, in_symbols(msg), pos));
        }
    });
    first_of_each_line(source, problems)
}

/// Names of tokens as the parser has them, and what they stand for.
const TOKENS: [(&str, &str); 20] = [
    ("SEMICOLON", "`;`"),
    ("COMMA", "`,`"),
    ("L_PAREN", "`(`"),
    ("R_PAREN", "`)`"),
    ("L_CURLY", "`{`"),
    ("R_CURLY", "`}`"),
    ("L_BRACK", "`[`"),
    ("R_BRACK", "`]`"),
    ("L_ANGLE", "`<`"),
    ("R_ANGLE", "`>`"),
    ("THIN_ARROW", "`->`"),
    ("FAT_ARROW", "`=>`"),
    ("COLON2", "`::`"),
    ("COLON", "`:`"),
    ("EQ", "`=`"),
    ("BANG", "`!`"),
    ("PIPE", "`|`"),
    ("IN_KW", "`in`"),
    ("FN_KW", "`fn`"),
    ("FOR_KW", "`for`"),
];

fn in_symbols(message: &str) -> String {
    let words = message.split(' ').map(|word| {
        let symbol = TOKENS.iter().find(|(name, _)| *name == word).map(|(_, symbol)| *symbol);
        symbol.unwrap_or(word)
    });
    lower_case_start(&words.collect::<Vec<_>>().join(" "))
}
