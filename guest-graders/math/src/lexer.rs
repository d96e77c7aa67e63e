//! Splits LaTeX or plain notation into tokens; numbers are joined here (thousands separators, decimals, repeating
//! digits), so that the parser sees one token for one number.

mod commands;
mod names;
mod numbers;

use crate::tree::{Comparison, Function};
use crate::units;
use crate::work::MAX_ANSWER_BYTES;
pub use names::is_greek;
use names::{glued_function, greek_letter, is_common_word, known_word, simple_symbol, superscript, vulgar_fraction};

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// Digits with at most one point and an exponent, without separators; `repeating` are digits under a bar.
    Number {
        digits: String,
        repeating: String,
    },
    /// A one-letter name, a Greek letter, or a decorated letter such as `vec a`.
    Letter(String),
    /// A word that is no name of mathematics.
    Word(String),
    Function(Function),
    /// A LaTeX command with arguments, without its backslash.
    Command(String),
    /// `\begin{…}` and `\end{…}` of a matrix, with the environment's name.
    Begin(String),
    End(String),
    Plus,
    Minus,
    PlusMinus(bool),
    Times,
    Divide,
    Modulo,
    Caret,
    Underscore,
    Bang,
    Prime,
    Comma,
    Semicolon,
    Colon,
    Open(Bracket),
    Close(Bracket),
    Bar,
    Comparison(Comparison),
    /// `\approx` and its like.
    About,
    Member,
    Arrow,
    Union,
    And,
    Or,
    Percent,
    Degree,
    Currency,
    Row,
    Column,
    Infinity,
    Pi,
    Ellipsis,
}

/// The kinds of bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    Round,
    Square,
    /// A TeX group.
    Group,
    /// `\{ \}`.
    Set,
    Angle,
    Floor,
    Ceiling,
    Absolute,
}

/// Tokens of `text`, or why it has none.
pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    if text.len() > MAX_ANSWER_BYTES {
        return Err(format!("it is longer than {MAX_ANSWER_BYTES} bytes"));
    }
    let mut lexer = Lexer { characters: text.chars().collect(), currency: is_currency(text), ..Lexer::default() };
    lexer.run()?;
    Ok(raised_signs(lexer.out))
}

/// Whether plain dollar signs do not come in pairs, as those around formulas do.
fn is_currency(text: &str) -> bool {
    let escaped = text.matches("\\$").count();
    (text.matches('$').count() - escaped) % 2 == 1
}

/// `^{\circ}` and `^{\prime}` as the signs alone.
fn raised_signs(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let closes = token == Token::Close(Bracket::Group);
        let signs = out.iter().rev().take_while(|token| matches!(token, Token::Degree | Token::Prime)).count();
        let start = out.len().checked_sub(signs + 2).filter(|_| closes && signs > 0);
        let raised =
            start.filter(|start| out.get(*start..start + 2) == Some(&[Token::Caret, Token::Open(Bracket::Group)]));
        match raised {
            Some(start) => {
                out.drain(start..start + 2);
            }
            None => out.push(token),
        }
    }
    out
}

#[derive(Default)]
struct Lexer {
    characters: Vec<char>,
    at: usize,
    out: Vec<Token>,
    /// Open round, square and set brackets, in which a comma separates items and never thousands.
    brackets: usize,
    /// Open matrix environments, in which a double backslash ends a row.
    environments: usize,
    /// A plain dollar sign before a digit is a currency, and marks no formula.
    currency: bool,
    /// Nesting of `\text{…}`.
    nested: usize,
}

impl Lexer {
    fn run(&mut self) -> Result<(), String> {
        while let Some(character) = self.peek(0) {
            match character {
                '\\' => self.command()?,
                '0'..='9' => self.number(),
                '.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
                'a'..='z' | 'A'..='Z' => self.letters(),
                _ => self.symbol(character)?,
            }
        }
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn push(&mut self, token: Token) {
        self.out.push(token);
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(&test) {
            self.at += 1;
        }
        self.characters.get(start..self.at).unwrap_or_default().iter().collect()
    }

    fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn symbol(&mut self, character: char) -> Result<(), String> {
        self.at += 1;
        let following = self.peek(0);
        let (token, extra) = match character {
            '*' if following == Some('*') => (Token::Caret, 1),
            '<' if following == Some('=') => (Token::Comparison(Comparison::LessOrEqual), 1),
            '>' if following == Some('=') => (Token::Comparison(Comparison::GreaterOrEqual), 1),
            '!' if following == Some('=') => (Token::Comparison(Comparison::NotEqual), 1),
            '=' if following == Some('=') => (Token::Comparison(Comparison::Equal), 1),
            '=' if following == Some('<') => (Token::Comparison(Comparison::LessOrEqual), 1),
            '+' if following == Some('-') && self.peek(1).is_some_and(|next| !next.is_whitespace()) => {
                (Token::PlusMinus(true), 1)
            }
            '-' if following == Some('>') => (Token::Arrow, 1),
            '.' if following == Some('.') => {
                self.take_while(|next| next == '.');
                (Token::Ellipsis, 0)
            }
            other => match simple_symbol(other) {
                Some(token) => (token, 0),
                None => return self.rare_symbol(other),
            },
        };
        self.at += extra;
        match token {
            Token::Open(Bracket::Round | Bracket::Square) => self.brackets += 1,
            Token::Close(Bracket::Round | Bracket::Square) => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        self.push(token);
        Ok(())
    }

    fn rare_symbol(&mut self, character: char) -> Result<(), String> {
        if let Some(digits) = superscript(character) {
            let mut digits = digits.to_string();
            while let Some(next) = self.peek(0).and_then(superscript) {
                digits.push(next);
                self.at += 1;
            }
            self.push(Token::Caret);
            if let Some(positive) = digits.strip_prefix('-') {
                self.push(Token::Open(Bracket::Group));
                self.push(Token::Minus);
                self.push(Token::Number { digits: positive.to_owned(), repeating: String::new() });
                self.push(Token::Close(Bracket::Group));
            } else {
                self.push(Token::Number { digits, repeating: String::new() });
            }
            return Ok(());
        }
        if let Some((top, bottom)) = vulgar_fraction(character) {
            self.push(Token::Command("frac".to_owned()));
            for part in [top, bottom] {
                self.push(Token::Number { digits: part.to_string(), repeating: String::new() });
            }
            return Ok(());
        }
        match character {
            _ if character.is_whitespace() => {}
            '~' | '$' | '`' | '"' | '“' | '”' | '.' | '?' | '。' | '\u{2061}' | '\u{200b}' => {
                if character == '$' && self.currency && self.peek(0).is_some_and(|next| next.is_ascii_digit()) {
                    self.push(Token::Currency);
                }
            }
            '√' => self.push(Token::Command("sqrt".to_owned())),
            _ => match greek_letter(character) {
                Some(name) => self.push(Token::Letter(name.to_owned())),
                None if character.is_alphabetic() => {
                    self.at -= 1;
                    let word = self.take_while(|next| next.is_alphabetic() && !next.is_ascii());
                    self.push(Token::Word(word.to_lowercase()));
                }
                None => return Err(format!("it holds the character {character:?}")),
            },
        }
        Ok(())
    }

    fn letters(&mut self) {
        let start = self.at;
        let run = self.take_while(|next| next.is_ascii_alphabetic());
        let spaced = start > 0 && self.characters.get(start - 1).is_some_and(|before| before.is_whitespace());
        if run == "min" && self.after_number() && self.peek(0) != Some('(') {
            self.push(Token::Word(run));
        } else if let Some(token) = known_word(&run) {
            self.push(token);
        } else if run.len() == 1 {
            let squared = matches!(self.peek(0), Some('²' | '³'));
            let is_unit = squared && matches!(self.out.last(), Some(Token::Number { .. })) && units::is_unit(&run);
            let per = matches!(self.out.as_slice(), [.., Token::Word(_), Token::Divide]) && units::is_unit(&run);
            self.push(if is_unit || per { Token::Word(run) } else { Token::Letter(run) });
        } else if run.len() >= 4 || is_common_word(&run) || self.after_number() && spaced && units::is_unit(&run) {
            self.push(Token::Word(run.to_lowercase()));
        } else if let Some((function, rest)) = glued_function(&run) {
            self.push(function);
            rest.chars().for_each(|letter| self.out.push(Token::Letter(letter.to_string())));
        } else {
            run.chars().for_each(|letter| self.out.push(Token::Letter(letter.to_string())));
        }
    }

    fn after_number(&self) -> bool {
        matches!(
            self.out.last(),
            Some(Token::Number { .. } | Token::Close(_) | Token::Pi | Token::Word(_) | Token::Divide | Token::Times)
        )
    }
}
