//! SQL, as one of the databases has it that many use.

use code_blocks::{Position, Source};
use sqlparser::{
    dialect::{
        BigQueryDialect, Dialect, DuckDbDialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect,
        SQLiteDialect, SnowflakeDialect,
    },
    parser::{Parser, ParserError},
    tokenizer::Token,
};

use crate::{
    nesting::{self, Lexis},
    problem::{Problem, TooDeep, lower_case_start},
};

const LEXIS: Lexis = Lexis { line_comments: &["--"], block_comments: true, quotes: b"'\"`", long_quotes: b"'\"`" };

/// How deep the parser may go, in its own count; deeper ends as [`TooDeep`].
const DEEPEST: usize = 50;

/// Valid is what one of the dialects allows. The error is the one that lies farthest behind in the code.
pub(crate) fn problems(source: &Source<'_>) -> Result<Vec<Problem>, TooDeep> {
    if nesting::is_too_deep(source.code, &LEXIS, nesting::LIMIT) {
        return Err(TooDeep);
    }
    let dialects: [&dyn Dialect; 8] = [
        &GenericDialect {},
        &PostgreSqlDialect {},
        &MySqlDialect {},
        &SQLiteDialect {},
        &MsSqlDialect {},
        &SnowflakeDialect {},
        &BigQueryDialect {},
        &DuckDbDialect {},
    ];
    let mut farthest: Option<Problem> = None;
    for dialect in dialects {
        match parse(source, dialect)? {
            None => return Ok(Vec::new()),
            Some(problem) if farthest.as_ref().is_none_or(|known| known.range.start() < problem.range.start()) => {
                farthest = Some(problem);
            }
            Some(_) => {}
        }
    }
    Ok(farthest.into_iter().collect())
}

/// The error in the eyes of one dialect.
fn parse(source: &Source<'_>, dialect: &dyn Dialect) -> Result<Option<Problem>, TooDeep> {
    let message = match read(source.code, dialect) {
        Ok(()) => return Ok(None),
        Err(ParserError::RecursionLimitExceeded) => return Err(TooDeep),
        Err(ParserError::TokenizerError(message) | ParserError::ParserError(message)) => message,
    };
    let (text, place) = placed(&message);
    let at = place.map_or(source.code.trim_end().len(), |place| source.offset(place));
    Ok(Some(Problem::at_place(source, lower_case_start(text), at)))
}

/// Reads the statements one by one, so that no more than one stands in memory.
fn read(code: &str, dialect: &dyn Dialect) -> Result<(), ParserError> {
    let mut parser = Parser::new(dialect).with_recursion_limit(DEEPEST).try_with_sql(code)?;
    let mut is_separated = true;
    loop {
        while parser.consume_token(&Token::SemiColon) {
            is_separated = true;
        }
        let next = parser.peek_token();
        if next.token == Token::EOF {
            return Ok(());
        }
        if !is_separated {
            return parser.expected("end of statement", next);
        }
        parser.parse_statement()?;
        is_separated = false;
    }
}

/// Takes the place off the end of a message: ` at Line: 1, Column: 8`. At the end of the code it has none.
fn placed(message: &str) -> (&str, Option<Position>) {
    let split = message.rsplit_once(" at Line: ").and_then(|(text, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        Some((text, Position { line: line.parse().ok()?, column: column.trim().parse().ok()? }))
    });
    split.map_or((message, None), |(text, place)| (text, Some(place)))
}
