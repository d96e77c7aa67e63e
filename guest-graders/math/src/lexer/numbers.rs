//! Numbers with the separators, exponents and repeating digits that belong to them.

use super::{Lexer, Token};

impl Lexer {
    /// A number, with separators that belong to it.
    pub(super) fn number(&mut self) {
        let mut digits = self.take_while(|next| next.is_ascii_digit());
        while let Some(length) = self.thousands(&digits) {
            self.at += length;
            digits.push_str(&self.take_while(|next| next.is_ascii_digit()));
        }
        if self.peek(0) == Some('.') && self.peek(1) != Some('.') {
            let fraction = self.peek(1).is_some_and(|next| next.is_ascii_digit());
            if fraction || !self.peek(1).is_some_and(char::is_alphabetic) {
                self.at += 1;
                digits.push('.');
                digits.push_str(&self.take_while(|next| next.is_ascii_digit()));
            }
        }
        if digits.ends_with('.') {
            digits.pop();
        }
        let exponent = matches!(self.peek(0), Some('e' | 'E'))
            && (self.peek(1).is_some_and(|next| next.is_ascii_digit())
                || matches!(self.peek(1), Some('+' | '-')) && self.peek(2).is_some_and(|next| next.is_ascii_digit()));
        if exponent {
            digits.push('e');
            self.at += 1;
            if let Some(sign) = self.peek(0).filter(|next| matches!(next, '+' | '-')) {
                digits.push(sign);
                self.at += 1;
            }
            digits.push_str(&self.take_while(|next| next.is_ascii_digit()));
        }
        let repeating = self.repeating_digits();
        self.push(Token::Number { digits, repeating });
    }

    /// Length of a thousands separator here, after `digits`, when exactly three digits follow it.
    pub(super) fn thousands(&self, digits: &str) -> Option<usize> {
        let first_group = digits.len() <= 3 && !digits.starts_with('0');
        let grouped = digits.len() > 3 && self.at >= 4 && !digits.contains('.');
        let continues = grouped && self.previous_group_was_separated();
        if !(first_group || continues) {
            return None;
        }
        let rest: String = self.characters.iter().skip(self.at).take(9).collect();
        for (separator, anywhere) in [
            ("{,}", true),
            ("{, }", true),
            (" {,}", true),
            (" {, }", true),
            (",\\!", true),
            (",\\! ", true),
            ("\\,", false),
            ("\\ ", false),
            (",", false),
            (" ", false),
        ] {
            let allowed = anywhere || self.brackets == 0 && self.environments == 0;
            if allowed && rest.starts_with(separator) {
                let group: Vec<char> = rest.chars().skip(separator.chars().count()).take(4).collect();
                let three = group.len() >= 3 && group.iter().take(3).all(char::is_ascii_digit);
                let more = group.get(3).is_some_and(char::is_ascii_digit);
                if three && !more {
                    return Some(separator.chars().count());
                }
            }
        }
        None
    }

    pub(super) fn previous_group_was_separated(&self) -> bool {
        self.at.checked_sub(4).and_then(|at| self.characters.get(at)).is_some_and(|before| !before.is_ascii_digit())
    }

    /// `\overline{3}` right after a decimal point's digits.
    pub(super) fn repeating_digits(&mut self) -> String {
        let rest: String = self.characters.iter().skip(self.at).take(64).collect();
        for start in ["\\overline{", "\\bar{", "\\dot{"] {
            if let Some((digits, _)) = rest.strip_prefix(start).and_then(|inner| inner.split_once('}'))
                && !digits.is_empty()
                && digits.chars().all(|digit| digit.is_ascii_digit())
            {
                self.at += start.chars().count() + digits.len() + 1;
                return digits.to_owned();
            }
        }
        String::new()
    }
}
