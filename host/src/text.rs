//! Text of guests and models, made fit for people and terminals.

/// Longest text that is kept, in characters.
const LONGEST: usize = 16 << 10;

/// The text without control characters but line breaks and tabs, and without characters that turn the writing direction;
/// not too long.
pub(crate) fn clean(text: &str) -> String {
    shortened(text.chars().filter(|c| matches!(c, '\n' | '\t') || is_harmless(*c)), LONGEST)
}

/// The same, in one line of so many characters at the most.
pub(crate) fn clean_line(text: &str, longest: usize) -> String {
    shortened(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| is_harmless(*c)), longest)
}

/// Whether the text is what [`clean_line`] would leave of it, and not empty.
pub(crate) fn is_clean_line(text: &str, longest: usize) -> bool {
    !text.is_empty() && clean_line(text, longest) == text
}

fn shortened(characters: impl Iterator<Item = char>, longest: usize) -> String {
    let mut kept: String = characters.take(longest + 1).collect();
    if let Some((end, _)) = kept.char_indices().nth(longest) {
        kept.truncate(end);
        kept.push('…');
    }
    kept
}

fn is_harmless(c: char) -> bool {
    !c.is_control() && !is_direction_mark(c)
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guest_text_is_stripped_and_capped() {
        assert_eq!(clean("a\x1b[2Jb\u{202e}c\nd\0"), "a[2Jbc\nd");
        assert_eq!(clean(&"x".repeat(LONGEST * 2)).chars().count(), LONGEST + 1);
        assert_eq!(clean(&"ä".repeat(LONGEST)).chars().count(), LONGEST);
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(clean_line("a\nb\r\u{1b}[0m\tc", 100), "a b [0m c");
        assert_eq!(clean_line("abcdef", 3), "abc…");
        assert!(is_clean_line("math", 64) && !is_clean_line("", 64) && !is_clean_line("a\nb", 64));
    }
}
