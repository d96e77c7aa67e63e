//! Telling Python from prose and from other languages, line by line, whether or not it parses.

use memchr::memchr2;

/// What a line says about being Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// Prose does not look like this.
    Strong,
    /// An import: prose of one line may look like this (`import this`), above other code it does not.
    Import,
    /// Fits into a program, and into an answer without one (`x = 10`).
    Weak,
    /// A comment, or a heading of Markdown.
    Comment,
    /// Prose, or another language, or broken code.
    None,
}

/// The next visible line, which tells whether a header has a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Next<'a> {
    pub(crate) is_more_indented: bool,
    pub(crate) text: &'a str,
}

/// Judges one line, given without its indentation.
pub(crate) fn evidence(line: &str, next: Option<Next<'_>>) -> Evidence {
    let code = without_comment(line);
    if code.is_empty() {
        return Evidence::Comment;
    }
    let has_body = next.is_some_and(|next| next.is_more_indented);
    let has_code_body = has_body && next.is_some_and(|next| !is_list_item(next.text) && !reads_as_prose(next.text));
    if is_definition(code, has_body) || (is_header(code) && has_code_body) || is_print(code) {
        return Evidence::Strong;
    }
    if is_import(code) {
        return Evidence::Import;
    }
    if is_string_start(code) || (is_statement(code) && !reads_as_prose(code)) {
        return Evidence::Weak;
    }
    Evidence::None
}

/// Whether code without a tag is recognisably Python, and not more of another language.
pub(crate) fn looks_like_python(code: &str) -> bool {
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut count = Count::default();
    let mut quotes = TripleQuotes::default();
    for (index, line) in lines.iter().enumerate() {
        if !quotes.is_open() {
            let next = lines
                .get(index + 1)
                .map(|next| Next { is_more_indented: indent(next) > indent(line), text: next.trim() });
            count.add(line.trim(), evidence(line.trim(), next));
        }
        quotes.read(line);
    }
    count.strong + count.imports > 0 && count.is_python()
}

/// Lines by what they say.
#[derive(Default)]
pub(crate) struct Count {
    pub(crate) strong: usize,
    pub(crate) imports: usize,
    /// Lines that are not comments.
    pub(crate) code: usize,
    foreign: usize,
}

impl Count {
    pub(crate) fn add(&mut self, line: &str, evidence: Evidence) {
        self.strong += usize::from(evidence == Evidence::Strong);
        self.imports += usize::from(evidence == Evidence::Import);
        self.code += usize::from(evidence != Evidence::Comment);
        self.foreign += usize::from(is_foreign(line));
    }

    /// Whether the lines of other languages are fewer than those of Python.
    pub(crate) fn is_python(&self) -> bool {
        self.foreign < self.strong + self.imports
    }
}

/// Whether a triple-quoted string is open, followed line by line.
#[derive(Clone, Copy, Default)]
pub(crate) struct TripleQuotes {
    /// The quote that is tripled.
    open: Option<u8>,
}

impl TripleQuotes {
    pub(crate) fn is_open(self) -> bool {
        self.open.is_some()
    }

    pub(crate) fn read(&mut self, line: &str) {
        let mut rest = line.as_bytes();
        while let Some(at) = memchr2(b'"', b'\'', rest) {
            let (_, quoted) = rest.split_at(at);
            let quote = quoted.first().copied();
            let is_tripled = quoted.get(1).copied() == quote && quoted.get(2).copied() == quote;
            let counts = is_tripled && (self.open.is_none() || self.open == quote);
            if counts {
                self.open = if self.open.is_some() { None } else { quote };
            }
            rest = quoted.get(if counts { 3 } else { 1 }..).unwrap_or_default();
        }
    }
}

/// `def name(…`, `class Name…`; a header as a whole, one that goes on in the next line, or one with a body, so
/// that a missing colon does not hide it.
fn is_definition(code: &str, has_body: bool) -> bool {
    let code = code.strip_prefix("async ").map_or(code, str::trim_start);
    if let Some(rest) = code.strip_prefix("def ") {
        let after = behind_name(rest.trim_start());
        let is_whole = code.ends_with([':', '(', ',']) || code.contains("):") || code.contains("->");
        return after.is_some_and(|after| after.starts_with(['(', '[']) || (has_body && after.starts_with(':')))
            && (is_whole || has_body);
    }
    let after = code.strip_prefix("class ").and_then(|rest| behind_name(rest.trim_start()));
    after.is_some_and(|after| {
        let has_statement = after.starts_with([':', '(']) && is_simple_keyword(after.rsplit(':').next().unwrap_or(""));
        (has_body && (after.is_empty() || after.starts_with([':', '(', '[']))) || has_statement
    })
}

const HEADERS: [&str; 11] = ["if", "elif", "else", "for", "while", "try", "except", "finally", "with", "match", "case"];

/// The header of a compound statement.
fn is_header(code: &str) -> bool {
    let code = code.strip_prefix("async ").map_or(code, str::trim_start);
    let Some(header) = code.strip_suffix(':') else { return false };
    let word = first_word(header);
    let rest = header.get(word.len()..).unwrap_or_default().trim();
    let fits = match word {
        "else" | "try" | "finally" => rest.is_empty(),
        "except" => true,
        "for" => rest.contains(" in "),
        _ => !rest.is_empty(),
    };
    HEADERS.contains(&word) && fits && !reads_as_prose(rest)
}

/// A whole call of `print`, which scripts begin or end with.
fn is_print(code: &str) -> bool {
    let count = |bracket| pieces(code).filter(|(_, piece)| matches!(piece, Piece::Other(c) if *c == bracket)).count();
    code.starts_with("print(") && code.ends_with(')') && count('(') == count(')') && !reads_as_prose(code)
}

/// `import a.b as c, d` or `from .a import b as c`, and nothing else on the line.
fn is_import(code: &str) -> bool {
    let is_path =
        |path: &str| !path.is_empty() && path.split('.').all(|name| name.is_empty() || behind_name(name) == Some(""));
    let are_names = |names: &str| {
        names.split(',').all(|item| match item.split_whitespace().collect::<Vec<_>>().as_slice() {
            [path] | [path, "as", _] => is_path(path),
            _ => false,
        })
    };
    if let Some(names) = code.strip_prefix("import ") {
        return are_names(names);
    }
    let Some((path, names)) = code.strip_prefix("from ").and_then(|rest| rest.split_once(" import ")) else {
        return false;
    };
    let names = names.trim();
    is_path(path.trim()) && (names == "*" || names.starts_with('(') || are_names(names))
}

const STATEMENTS: [&str; 13] = [
    "return", "raise", "yield", "assert", "del", "global", "nonlocal", "pass", "break", "continue", "await", "lambda",
    "not",
];

fn is_simple_keyword(text: &str) -> bool {
    let word = first_word(text.trim());
    STATEMENTS.contains(&word) || text.trim() == "..."
}

/// A statement that fits into a program: a keyword's, an assignment, a call, a closing bracket, a decorator.
fn is_statement(code: &str) -> bool {
    is_simple_keyword(code)
        || is_decorator(code)
        || is_header_with_statement(code)
        || code.starts_with([')', ']', '}'])
        || is_assignment(code)
        || is_call(code)
}

fn is_decorator(code: &str) -> bool {
    code.strip_prefix('@').and_then(behind_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
}

/// `if n == 0: return 1`, or a header whose body is not known.
fn is_header_with_statement(code: &str) -> bool {
    HEADERS.contains(&first_word(code)) && code.split_once(':').is_some_and(|(header, _)| !reads_as_prose(header))
}

/// `a.b[c], d = …`, `a: int = …`, `a += …`.
fn is_assignment(code: &str) -> bool {
    let Some((target, value)) = code.split_once('=') else { return false };
    let target = target.trim_end_matches(['+', '-', '*', '/', '%', '&', '|', '^', '@', '<', '>', ':']).trim();
    let is_target = behind_path(target.trim_start_matches(['(', '*']))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', ',', ':', '.', ')', '(', ' ']));
    is_target && !value.starts_with('=') && !value.trim().is_empty()
}

/// `a.b(…)…`.
fn is_call(code: &str) -> bool {
    behind_path(code).is_some_and(|rest| rest.starts_with('(')) && code.ends_with([')', '(', ',', '[', '{', ']'])
}

fn is_string_start(code: &str) -> bool {
    let quoted = code.trim_start_matches(['r', 'R', 'f', 'F', 'b', 'B', 'u', 'U']);
    quoted.starts_with("\"\"\"") || quoted.starts_with("'''")
}

/// What Python lines never begin or end with, and other languages and terminals do.
fn is_foreign(line: &str) -> bool {
    const STARTS: [&str; 25] = [
        "$ ",
        "% ",
        "//",
        "/*",
        "function ",
        "const ",
        "let ",
        "var ",
        "public ",
        "private ",
        "static ",
        "#include",
        "fn ",
        "func ",
        "fun ",
        "<?",
        "</",
        "pip install",
        "python ",
        "npm ",
        "Traceback (",
        "File \"",
        "package ",
        "using ",
        "} ",
    ];
    let line = line.trim();
    (line.ends_with(';') && !line.starts_with('#'))
        || opens_braced_body(line)
        || STARTS.iter().any(|start| line.starts_with(start))
        || matches!(line, "end" | "begin" | "done" | "fi")
}

/// `if (x) {`, `class A {`: a brace behind a header, where Python has a dictionary behind an operator or `return`.
fn opens_braced_body(line: &str) -> bool {
    let header = line.strip_suffix('{').map(str::trim_end);
    header.is_some_and(|header| {
        header.ends_with(|c: char| c == ')' || is_name_character(c)) && !is_simple_keyword(header)
    })
}

const KEYWORDS: [&str; 38] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "type", "while", "with", "yield",
];

/// Whether two words follow each other that no operator or keyword joins, outside of strings and comments: in
/// Python they never do, in prose almost always.
pub(crate) fn reads_as_prose(text: &str) -> bool {
    let mut previous_is_name = false;
    for (_, piece) in pieces(text) {
        let is_name = match piece {
            Piece::Word(word) => !KEYWORDS.contains(&word),
            Piece::Other(' ') => continue,
            Piece::Other(_) | Piece::String => false,
            Piece::Comment => return false,
        };
        if is_name && previous_is_name {
            return true;
        }
        previous_is_name = is_name;
    }
    false
}

/// What a line consists of.
enum Piece<'a> {
    Word(&'a str),
    /// A string, up to the end of the line when it is open.
    String,
    Comment,
    Other(char),
}

/// The pieces of a line, each with where it starts.
fn pieces(line: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    let mut is_apostrophe = false;
    std::iter::from_fn(move || {
        let rest = line.get(at..)?;
        let first = rest.chars().next()?;
        let start = at;
        let is_word = is_name_character(first);
        let piece = if is_word {
            let word = first_word(rest);
            at += word.len();
            is_apostrophe = !is_string_prefix(word);
            return Some((start, Piece::Word(word)));
        } else if first == '#' {
            at = line.len();
            Piece::Comment
        } else if ['"', '\''].contains(&first) && !is_apostrophe {
            at += string_end(rest).unwrap_or(rest.len());
            Piece::String
        } else {
            at += first.len_utf8();
            Piece::Other(first)
        };
        is_apostrophe = false;
        Some((start, piece))
    })
}

fn is_string_prefix(word: &str) -> bool {
    word.len() <= 2 && word.chars().all(|c| "rRbBfFuUtT".contains(c))
}

/// `- item`, `2. item`, `• item`.
pub(crate) fn is_list_item(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marked = if digits.len() < text.len() {
        digits.strip_prefix(['.', ')'])
    } else {
        text.strip_prefix(['-', '*', '+', '•'])
    };
    marked.is_some_and(|item| item.starts_with(' '))
}

/// The line up to its comment.
fn without_comment(line: &str) -> &str {
    let comment = pieces(line).find_map(|(at, piece)| matches!(piece, Piece::Comment).then_some(at));
    line.get(..comment.unwrap_or(line.len())).unwrap_or(line).trim()
}

/// Where the string that `text` begins with ends; `None` when it is open.
fn string_end(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !is_escaped {
            return Some(at + 1);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    None
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c| !is_name_character(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What follows the name that `text` begins with.
fn behind_name(text: &str) -> Option<&str> {
    let name = first_word(text);
    let starts_well = name.chars().next().is_some_and(|c| !c.is_numeric());
    starts_well.then(|| text.get(name.len()..).unwrap_or_default())
}

/// What follows the dotted name that `text` begins with.
fn behind_path(text: &str) -> Option<&str> {
    let mut rest = behind_name(text)?;
    while let Some(after) = rest.strip_prefix('.').and_then(behind_name) {
        rest = after;
    }
    Some(rest)
}

fn indent(line: &str) -> usize {
    crate::lines::indent_width(line)
}
