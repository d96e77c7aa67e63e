//! How deep code of languages with brackets nests, measured before it is parsed.
//!
//! Recursive parsers take stack for each level, and the host gives a grader 512 KiB. What this measure misses, such as
//! brackets behind a quote that it takes for the start of a string, ends in the engine's own stack check: an error
//! with a kind, never a score.

/// What a language writes that is not code.
pub(crate) struct Lexis {
    /// What begins a comment up to the end of the line.
    pub(crate) line_comments: &'static [&'static str],
    /// Whether `/* … */` is a comment.
    pub(crate) block_comments: bool,
    /// Marks that begin and end a string.
    pub(crate) quotes: &'static [u8],
    /// Those of them whose strings may go on in the next line.
    pub(crate) long_quotes: &'static [u8],
}

/// The greatest depth that is parsed: so many brackets within each other, or twice so many operators in a row.
pub(crate) const LIMIT: usize = 100;

/// What a bracket weighs against an operator.
const LEVEL: usize = 2;

/// Operators in a chain that count as one level of nesting.
const CHAIN: usize = 4;

/// Words that stand before or between operands, and may follow each other: they count as operators.
const PREFIXES: [&[u8]; 9] = [b"new", b"typeof", b"void", b"delete", b"await", b"async", b"return", b"yield", b"throw"];

/// Words that begin a statement whose body may be the next one: they count as brackets.
const HEADERS: [&[u8]; 6] = [b"if", b"for", b"while", b"do", b"with", b"match"];

/// Whether code nests deeper than `limit` levels.
pub(crate) fn is_too_deep(code: &str, lexis: &Lexis, limit: usize) -> bool {
    let mut measure = Measure { levels: vec![Level::default()], sum: 0, deepest: 0 };
    let mut rest = code.as_bytes();
    while let Some(&byte) = rest.first() {
        let word = rest.iter().position(|byte| !is_of_word(*byte)).unwrap_or(rest.len());
        let length = if word > 0 { word } else { lexis.skipped(rest) };
        if word > 0 {
            measure.read_word(rest.get(..word).unwrap_or_default());
        } else if length == 0 {
            measure.read(byte, rest);
        }
        rest = rest.get(length.max(1)..).unwrap_or_default();
    }
    measure.deepest > limit * LEVEL * CHAIN
}

impl Lexis {
    /// The length of the comment or string that the code begins with; 0 when it begins with neither.
    fn skipped(&self, code: &[u8]) -> usize {
        if self.line_comments.iter().any(|mark| code.starts_with(mark.as_bytes())) {
            return code.iter().position(|byte| *byte == b'\n').unwrap_or(code.len());
        }
        if self.block_comments && code.starts_with(b"/*") {
            return code.windows(2).skip(2).position(|pair| pair == b"*/").map_or(code.len(), |at| at + 4);
        }
        match code.first() {
            Some(quote) if self.quotes.contains(quote) => self.string(code, *quote),
            _ => 0,
        }
    }

    /// The length of a string; of one that does not end, only its mark is skipped.
    fn string(&self, code: &[u8], quote: u8) -> usize {
        let may_go_on = self.long_quotes.contains(&quote);
        let mut is_escaped = false;
        for (at, byte) in code.iter().enumerate().skip(1) {
            match byte {
                b'\n' if !may_go_on => return 1,
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                _ if *byte == quote => return at + 1,
                _ => {}
            }
        }
        1
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

fn is_operator(byte: u8) -> bool {
    b"=+-*/%!~&|^<>?:.".contains(&byte)
}

/// One bracket's content, or the code outside of all.
#[derive(Default)]
struct Level {
    /// Operators and headers since the last separator.
    chain: usize,
    /// Each `else` since the last semicolon: a chain of them nests.
    elses: usize,
}

/// The brackets that are open, and what stands in line at each of them.
struct Measure {
    /// Never empty.
    levels: Vec<Level>,
    sum: usize,
    deepest: usize,
}

impl Measure {
    fn read(&mut self, byte: u8, rest: &[u8]) {
        match byte {
            b'(' | b'[' | b'{' => {
                self.levels.push(Level::default());
                self.add(LEVEL * CHAIN);
            }
            b')' | b']' | b'}' if self.levels.len() > 1 => {
                self.sum -= self.levels.pop().map_or(0, |level| level.chain + level.elses) + LEVEL * CHAIN;
                if byte == b'}' {
                    self.end_chain();
                }
            }
            b',' => self.end_chain(),
            b';' => {
                self.end_chain();
                self.change(|level| std::mem::take(&mut level.elses));
            }
            b'\n' => {
                let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
                if !next.is_some_and(|next| is_operator(*next)) {
                    self.end_chain();
                }
            }
            _ if is_operator(byte) => self.join(1),
            _ => {}
        }
    }

    fn read_word(&mut self, word: &[u8]) {
        if HEADERS.contains(&word) {
            self.join(LEVEL * CHAIN);
        } else if PREFIXES.contains(&word) {
            self.join(LEVEL);
        } else if word == b"else" {
            self.levels.iter_mut().last().into_iter().for_each(|level| level.elses += 1);
            self.add(1);
        }
    }

    fn join(&mut self, weight: usize) {
        self.levels.iter_mut().last().into_iter().for_each(|level| level.chain += weight);
        self.add(weight);
    }

    fn end_chain(&mut self) {
        self.change(|level| std::mem::take(&mut level.chain));
    }

    /// Takes off the innermost level what `take` takes out of it.
    fn change(&mut self, take: impl FnOnce(&mut Level) -> usize) {
        self.sum -= self.levels.last_mut().map_or(0, take);
    }

    fn add(&mut self, weight: usize) {
        self.sum += weight;
        self.deepest = self.deepest.max(self.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIKE_C: Lexis = Lexis { line_comments: &["//"], block_comments: true, quotes: b"\"'`", long_quotes: b"`" };

    #[test]
    fn nesting_is_told_from_length() {
        for (deep, flat) in [
            ("(".repeat(101), "()".repeat(1_000)),
            ("[{".repeat(60), "[{}];".repeat(1_000)),
            ("!".repeat(1_000) + "x", "!x;\n".repeat(1_000)),
            ("f(".repeat(101), "f(a, b, c, -d);".repeat(1_000)),
            ("new ".repeat(500), "new A;".repeat(1_000)),
            ("for(;;) ".repeat(101), "for(;;) {}\n".repeat(1_000)),
            ("if (a) {} else ".repeat(1_000), "if (a) {} else {}; ".repeat(1_000)),
            ("a\n  + ".repeat(1_000), "a + b\n".repeat(1_000)),
        ] {
            assert!(is_too_deep(&deep, &LIKE_C, LIMIT), "{}", &deep[..40]);
            assert!(!is_too_deep(&flat, &LIKE_C, LIMIT), "{}", &flat[..40]);
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for code in ["x = \"((\";\n", "// ((\n", "/* (( */\n", "x = '\\'((';\n", "x = `((\n((`;\n"] {
            assert!(!is_too_deep(&code.repeat(500), &LIKE_C, LIMIT), "{code}");
        }
        assert!(is_too_deep(&("'".to_owned() + &"(".repeat(200)), &LIKE_C, LIMIT), "an open string hides nothing");
    }
}
