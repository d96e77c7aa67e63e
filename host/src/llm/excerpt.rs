//! Text of others made fit to be shown: one line, no control characters, of bounded length.

/// The first `limit` characters of `text` on one line; runs of blanks and control characters become one blank, and
/// characters that reorder what follows are left out.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    let mut length = 0;
    let mut blank = false;
    for character in text.chars().filter(|character| !reorders(*character)) {
        if character.is_whitespace() || character.is_control() {
            blank = !shown.is_empty();
            continue;
        }
        length += if blank { 2 } else { 1 };
        if length > limit {
            shown.push('…');
            return shown;
        }
        if blank {
            shown.push(' ');
        }
        blank = false;
        shown.push(character);
    }
    shown
}

fn reorders(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_line_breaks_become_one_blank() {
        assert_eq!(excerpt("  a\r\n\tb\u{1b}[31mc\0 ", 100), "a b [31mc");
        assert_eq!(excerpt("a\u{202e}b", 100), "ab");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(excerpt("äöü", 3), "äöü");
        assert_eq!(excerpt("äöü!", 3), "äöü…");
        assert_eq!(excerpt("ab  ", 2), "ab");
    }
}
