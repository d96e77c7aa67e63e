//! Cuts what may be megabytes long, without printing all of it first.

use std::fmt::{self, Display, Write};

/// The first `most` characters of what `content` prints, `…` in place of the rest.
pub(crate) fn excerpt(content: &dyn Display, most: usize) -> String {
    let mut text = Bounded { text: String::new(), left: most };
    let cut = write!(text, "{content}").is_err();
    if cut {
        text.text.push('…');
    }
    text.text
}

struct Bounded {
    text: String,
    left: usize,
}

impl Write for Bounded {
    /// Fails once the room is used up, which ends the printing.
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        for character in piece.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_cut() {
        assert_eq!(excerpt(&"naïve", 5), "naïve");
        assert_eq!(excerpt(&"naïves", 5), "naïve…");
        assert_eq!(excerpt(&"", 0), "");
    }
}
