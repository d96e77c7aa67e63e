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

/// Whether code nests deeper than `limit` levels.
pub(crate) fn is_too_deep(code: &str, lexis: &Lexis, limit: usize) -> bool {
    let mut measure = Measure { chains: vec![0], sum: 0, deepest: 0 };
    let mut rest = code.as_bytes();
    while let Some(&byte) = rest.first() {
        let length = lexis.skipped(rest);
        if length == 0 {
            measure.read(byte);
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

/// The brackets that are open, and the operators that stand in line at each of them.
struct Measure {
    /// Never empty.
    chains: Vec<usize>,
    sum: usize,
    deepest: usize,
}

impl Measure {
    fn read(&mut self, byte: u8) {
        match byte {
            b'(' | b'[' | b'{' => {
                self.chains.push(0);
                self.add(LEVEL * CHAIN);
            }
            b')' | b']' | b'}' if self.chains.len() > 1 => {
                self.sum -= self.chains.pop().unwrap_or_default() + LEVEL * CHAIN;
                if byte == b'}' {
                    self.end_chain();
                }
            }
            b',' | b';' | b'\n' => self.end_chain(),
            b'=' | b'+' | b'-' | b'*' | b'/' | b'%' | b'!' | b'~' | b'&' | b'|' | b'^' | b'<' | b'>' | b'?' | b':'
            | b'.' => {
                if let Some(chain) = self.chains.last_mut() {
                    *chain += 1;
                }
                self.add(1);
            }
            _ => {}
        }
    }

    fn end_chain(&mut self) {
        if let Some(chain) = self.chains.last_mut() {
            self.sum -= std::mem::take(chain);
        }
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
