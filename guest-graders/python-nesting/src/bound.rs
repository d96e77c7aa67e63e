//! A bound of the measure that takes one look at each byte: short code, as most is, need not be read as tokens twice.

use crate::{LEVEL, PREFIX};

/// What no measure of the code exceeds: everything in it that could weigh, as if all of it were nested, and text in
/// strings and comments were code.
pub(crate) fn at_most(code: &str) -> usize {
    let mut rest = code.as_bytes();
    // The outermost level of indentation, and that of the first line.
    let mut bound = LEVEL + indent(rest);
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match kind(byte) {
            WORD => {
                let (weight, behind) = word(byte, rest);
                bound += weight;
                rest = behind;
            }
            LINE_END => bound += indent(rest),
            weight => bound += weight,
        }
    }
    bound
}

/// What a byte is to the measure: its weight, or one of the two below.
fn kind(byte: u8) -> usize {
    KINDS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// A part of a name, a number or a keyword.
const WORD: usize = usize::MAX;

/// What a line ends with.
const LINE_END: usize = usize::MAX - 1;

const KINDS: [usize; 256] = {
    let mut kinds = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'\n' | b'\r' => LINE_END,
            b'(' | b'[' | b'{' => BRACKET,
            b'!' | b'%' | b'&' | b'*' | b'+' | b'-' | b'.' | b'/' | b'<' | b'=' | b'>' | b'@' | b'^' | b'|' | b'~' => {
                PREFIX
            }
            b'_' => WORD,
            _ if byte.is_ascii_alphanumeric() => WORD,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// A bracket, or an f-string, and what joins it to the text before it.
const BRACKET: usize = LEVEL + 1;

/// What the indentation of a line weighs at most.
fn indent(line: &[u8]) -> usize {
    match line.first() {
        Some(b'\n') | None => 0,
        Some(byte) if byte.is_ascii_graphic() => 0,
        Some(_) => LEVEL,
    }
}

/// What the word that begins with `first` weighs, with the string that it may be the prefix of; and what follows it.
fn word(first: u8, mut rest: &[u8]) -> (usize, &[u8]) {
    let (mut packed, mut length, mut last) = (u64::from(first), 1, first);
    while let Some((&byte, behind)) = rest.split_first()
        && kind(byte) == WORD
    {
        packed = packed << 8 | u64::from(byte);
        length += 1;
        last = byte;
        rest = behind;
    }
    // A number goes over into a keyword without a space.
    let weighs = first.is_ascii_digit() && length > 1 || (SHORTEST..=LONGEST).contains(&length) && is_keyword(packed);
    let is_prefix = last.is_ascii_alphabetic() && matches!(rest.first(), Some(b'"' | b'\''));
    (if weighs { LEVEL } else { 0 } + if is_prefix { BRACKET } else { 0 }, rest)
}

/// Letters of the shortest and of the longest keyword.
const SHORTEST: usize = 2;
const LONGEST: usize = 7;

/// Declares the keywords as numbers, and a function that knows them.
macro_rules! keywords {
    ($($name:ident $word:literal)*) => {
        $(const $name: u64 = packed($word);)*

        /// Whether the letters, packed into a number, are a word that weighs.
        fn is_keyword(packed: u64) -> bool {
            matches!(packed, $($name)|*)
        }
    };
}

keywords! {
    AND b"and"
    ASYNC b"async"
    AWAIT b"await"
    CASE b"case"
    CLASS b"class"
    DEF b"def"
    ELIF b"elif"
    ELSE b"else"
    EXCEPT b"except"
    FINALLY b"finally"
    FOR b"for"
    FROM b"from"
    IF b"if"
    IN b"in"
    IS b"is"
    LAMBDA b"lambda"
    MATCH b"match"
    NOT b"not"
    OR b"or"
    TRY b"try"
    WHILE b"while"
    WITH b"with"
    YIELD b"yield"
}

const fn packed(word: &[u8]) -> u64 {
    let (mut packed, mut at) = (0, 0);
    while at < word.len() {
        packed = packed << 8 | word[at] as u64;
        at += 1;
    }
    packed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure;

    /// Pieces that weigh, that open and close what others stand in, and that end lines in every way.
    const PIECES: [&str; 64] = [
        "and ", "async ", "await ", "case ", "class ", "def ", "elif ", "else ", "except ", "finally ", "for ",
        "from ", "if ", "in ", "is ", "lambda ", "match ", "not ", "or ", "try ", "while ", "with ", "yield ", "(",
        ")", "[", "]", "{", "}", "f'", "rf\"", "t'''", "'", "\"", "\"\"\"", "x", "1", "1if ", "0xfor ", "1_or ",
        "1.5and ", "1else", ":", ",", ";", "!", "**", "->", ":=", "//=", ".", "...", "~", "#", "\\\n", "\n", "\r",
        "\r\n", " ", "    ", "\t", "\x0c", "é", "\u{3000}",
    ];

    proptest! {
        #[test]
        fn no_measure_exceeds_it(places in prop::collection::vec(0..PIECES.len(), 0..60)) {
            let code: String = places.iter().map(|place| PIECES[*place]).collect();
            prop_assert!(measure(&code) <= at_most(&code), "{code:?}: {} of {}", measure(&code), at_most(&code));
        }

        #[test]
        fn no_measure_of_any_text_exceeds_it(code in any::<String>()) {
            prop_assert!(measure(&code) <= at_most(&code), "{code:?}");
        }
    }
}
