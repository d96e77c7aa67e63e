//! Splits LaTeX or plain notation into tokens; numbers are joined here (thousands separators, decimals, repeating
//! digits), so that the parser sees one token for one number.

use crate::tree::{Comparison, Function};
use crate::units;
use crate::work::MAX_ANSWER_BYTES;

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
    let mut lexer = Lexer { characters: text.chars().collect(), ..Lexer::default() };
    lexer.run()?;
    Ok(raised_signs(lexer.out))
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
                if character == '$' && self.peek(0).is_some_and(|next| next.is_ascii_digit()) {
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

    /// A number, with separators that belong to it.
    fn number(&mut self) {
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
            digits.push_str(&self.take_while(|next| next.is_ascii_digit() || matches!(next, '+' | '-')));
        }
        let repeating = self.repeating_digits();
        self.push(Token::Number { digits, repeating });
    }

    /// Length of a thousands separator here, after `digits`, when exactly three digits follow it.
    fn thousands(&self, digits: &str) -> Option<usize> {
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

    fn previous_group_was_separated(&self) -> bool {
        self.at.checked_sub(4).and_then(|at| self.characters.get(at)).is_some_and(|before| !before.is_ascii_digit())
    }

    /// `\overline{3}` right after a decimal point's digits.
    fn repeating_digits(&mut self) -> String {
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
            self.push(if is_unit { Token::Word(run) } else { Token::Letter(run) });
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

    fn command(&mut self) -> Result<(), String> {
        self.at += 1;
        if self.peek(0) == Some('\\') {
            return self.double_backslash();
        }
        let name = self.take_while(|next| next.is_ascii_alphabetic());
        if name.is_empty() {
            return self.escaped_symbol();
        }
        self.named_command(&name)
    }

    /// A row's end within a matrix; elsewhere a doubled backslash stands for one.
    fn double_backslash(&mut self) -> Result<(), String> {
        self.at += 1;
        let follows_command = self.peek(0).is_some_and(|next| next.is_ascii_alphabetic());
        if self.environments > 0 {
            self.push(Token::Row);
            if self.peek(0) == Some('[') {
                self.take_while(|next| next != ']');
                self.at += 1;
            }
        } else if follows_command {
            let name = self.take_while(|next| next.is_ascii_alphabetic());
            self.named_command(&name)?;
        } else if matches!(self.peek(0), Some('{' | '}' | '%' | '$' | ',' | '!' | ';' | ':')) {
            self.escaped_symbol()?;
        } else {
            self.push(Token::Semicolon);
        }
        Ok(())
    }

    fn escaped_symbol(&mut self) -> Result<(), String> {
        let Some(character) = self.peek(0) else { return Ok(()) };
        self.at += 1;
        match character {
            '{' => {
                self.brackets += 1;
                self.push(Token::Open(Bracket::Set));
            }
            '}' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.push(Token::Close(Bracket::Set));
            }
            '%' => self.push(Token::Percent),
            '$' => self.push(Token::Currency),
            '|' => self.push(Token::Bar),
            ',' | ';' | ':' | '!' | '>' | '/' | ' ' | '\n' | '\t' | '(' | ')' | '[' | ']' | '#' | '&' | '_' | '-' => {}
            other => return Err(format!("it holds the command \\{other}")),
        }
        Ok(())
    }

    fn named_command(&mut self, name: &str) -> Result<(), String> {
        if IGNORED_COMMANDS.contains(&name) {
            self.skip_spaces();
            if matches!(name, "left" | "right") && self.peek(0) == Some('.') {
                self.at += 1;
            }
            return Ok(());
        }
        if let Some(token) = command_token(name) {
            match token {
                Token::Open(_) => self.brackets += 1,
                Token::Close(_) => self.brackets = self.brackets.saturating_sub(1),
                _ => {}
            }
            self.push(token);
            return Ok(());
        }
        match name {
            "text" | "mbox" | "textbf" | "textnormal" | "textit" | "textrm" | "mathrm" | "operatorname" | "rm"
            | "hbox" => self.text_command(),
            "mathbf" | "vec" | "hat" | "bar" | "overline" | "mathcal" | "mathbb" | "boldsymbol" | "overrightarrow"
            | "widehat" | "tilde" | "mathfrak" | "mathscr" | "bf" | "dot" | "ddot" | "underline"
            | "overrightharpoon" => {
                self.decorated(name);
                Ok(())
            }
            "boxed" | "fbox" => Ok(()),
            "begin" | "end" => self.environment(name),
            "circ" => {
                if self.out.last() == Some(&Token::Caret) {
                    self.out.pop();
                }
                self.push(Token::Degree);
                Ok(())
            }
            "not" => {
                self.skip_spaces();
                if self.peek(0) == Some('=') {
                    self.at += 1;
                    self.push(Token::Comparison(Comparison::NotEqual));
                }
                Ok(())
            }
            _ => match Function::named(name) {
                Some(function) => {
                    self.push(Token::Function(function));
                    Ok(())
                }
                None => self.unknown_command(name),
            },
        }
    }

    /// `\sqrtx`, `\quadx_2`: a known command run together with what follows it.
    fn unknown_command(&mut self, name: &str) -> Result<(), String> {
        let glued = ["quad", "pi", "sqrt", "cdot", "times", "le", "ge", "leq", "geq", "neq", "frac"];
        if let Some(known) = glued.into_iter().filter(|known| name.starts_with(known)).max_by_key(|known| known.len())
            && name.len() == known.len() + 1
        {
            self.named_command(known)?;
            self.push(Token::Letter(name[known.len()..].to_owned()));
            return Ok(());
        }
        if name.len() > 24 {
            return Err(format!("it holds the unknown command \\{}…", &name[..24]));
        }
        self.push(Token::Letter(format!("\\{name}")));
        Ok(())
    }

    /// The raw text of the group that follows, or the one character.
    fn raw_group(&mut self) -> String {
        self.skip_spaces();
        if self.peek(0) != Some('{') {
            let one = self.peek(0).map(String::from).unwrap_or_default();
            self.at += one.chars().count();
            return one;
        }
        self.at += 1;
        let start = self.at;
        let mut depth = 1usize;
        while let Some(character) = self.peek(0) {
            match character {
                '\\' => self.at += 1,
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            self.at += 1;
        }
        let end = self.at.min(self.characters.len());
        self.at = end + 1;
        self.characters.get(start..end).unwrap_or_default().iter().collect()
    }

    fn text_command(&mut self) -> Result<(), String> {
        let raw = self.raw_group();
        let content = raw.replace(['~', '\n'], " ");
        let content = content.trim().trim_end_matches(['.', ',', ':']).trim();
        let mut characters = content.chars();
        let single = characters.next().filter(|_| characters.next().is_none());
        match single {
            Some(letter) if letter.is_ascii_alphabetic() => {
                if self.after_number() && units::is_unit(content) {
                    self.push(Token::Word(content.to_owned()));
                } else {
                    self.push(Token::Letter(content.to_owned()));
                }
                return Ok(());
            }
            _ => {}
        }
        if content == "min" && self.after_number() {
            self.push(Token::Word(content.to_owned()));
            return Ok(());
        }
        if let Some(token) = known_word(content) {
            self.push(token);
            return Ok(());
        }
        let longest_run = content.split(|next: char| !next.is_alphabetic()).map(str::len).max().unwrap_or(0);
        if longest_run < 2 || content.contains('\\') {
            if self.nested >= 4 {
                return Err("text is nested too deeply".to_owned());
            }
            let mut inner = Self { characters: content.chars().collect(), nested: self.nested + 1, ..Self::default() };
            inner.run()?;
            self.out.append(&mut inner.out);
        } else {
            for word in content.split(|next: char| !(next.is_alphanumeric() || matches!(next, '\'' | '-'))) {
                match known_word(word) {
                    Some(token @ (Token::And | Token::Or | Token::Percent | Token::Degree)) => self.push(token),
                    _ if word.is_empty() => {}
                    _ => self.push(Token::Word(word.to_lowercase())),
                }
            }
        }
        Ok(())
    }

    fn decorated(&mut self, name: &str) {
        let raw = self.raw_group();
        let content: String = raw.chars().filter(|next| !next.is_whitespace() && !matches!(next, '{' | '}')).collect();
        let decoration = match name {
            "bf" | "boldsymbol" => "mathbf",
            "overrightarrow" | "overrightharpoon" => "vec",
            other => other,
        };
        if content == "e" || content == "i" && decoration == "mathcal" {
            self.push(Token::Letter(content));
        } else {
            self.push(Token::Letter(format!("{decoration} {content}")));
        }
    }

    fn environment(&mut self, name: &str) -> Result<(), String> {
        let environment = self.raw_group().trim_end_matches('*').to_owned();
        let layout = matches!(
            environment.as_str(),
            "align" | "aligned" | "equation" | "gather" | "gathered" | "split" | "center" | "displaymath"
        );
        match name {
            _ if layout => {}
            "begin" => {
                self.environments += 1;
                self.skip_spaces();
                if environment == "array" && self.peek(0) == Some('{') {
                    self.raw_group();
                }
                self.push(Token::Begin(environment));
            }
            _ => {
                self.environments = self.environments.checked_sub(1).ok_or("an \\end has no \\begin")?;
                self.push(Token::End(environment));
            }
        }
        Ok(())
    }
}

const IGNORED_COMMANDS: &[&str] = &[
    "left",
    "right",
    "mleft",
    "mright",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "bigl",
    "bigr",
    "Bigl",
    "Bigr",
    "biggl",
    "biggr",
    "middle",
    "displaystyle",
    "textstyle",
    "quad",
    "qquad",
    "limits",
    "nolimits",
    "hline",
    "hspace",
    "space",
    "thinspace",
    "nonumber",
    "small",
    "large",
    "Large",
    "scriptstyle",
    "enspace",
    "cr",
    "noindent",
    "hfill",
    "color",
];

fn simple_symbol(character: char) -> Option<Token> {
    Some(match character {
        '+' | '＋' => Token::Plus,
        '-' | '−' | '–' | '—' | '－' => Token::Minus,
        '±' => Token::PlusMinus(true),
        '∓' => Token::PlusMinus(false),
        '*' | '×' | '·' | '⋅' | '∙' | '∗' | '•' => Token::Times,
        '/' | '÷' | '∕' | '／' => Token::Divide,
        '^' => Token::Caret,
        '_' => Token::Underscore,
        '!' => Token::Bang,
        '\'' | '’' | '′' => Token::Prime,
        ',' | '，' | '、' => Token::Comma,
        ';' | '；' => Token::Semicolon,
        ':' | '：' | '∶' => Token::Colon,
        '(' | '（' => Token::Open(Bracket::Round),
        ')' | '）' => Token::Close(Bracket::Round),
        '[' => Token::Open(Bracket::Square),
        ']' => Token::Close(Bracket::Square),
        '{' => Token::Open(Bracket::Group),
        '}' => Token::Close(Bracket::Group),
        '⟨' => Token::Open(Bracket::Angle),
        '⟩' => Token::Close(Bracket::Angle),
        '⌊' => Token::Open(Bracket::Floor),
        '⌋' => Token::Close(Bracket::Floor),
        '⌈' => Token::Open(Bracket::Ceiling),
        '⌉' => Token::Close(Bracket::Ceiling),
        '|' | '∣' => Token::Bar,
        '=' | '＝' => Token::Comparison(Comparison::Equal),
        '<' | '＜' => Token::Comparison(Comparison::Less),
        '>' | '＞' => Token::Comparison(Comparison::Greater),
        '≤' | '⩽' | '≦' => Token::Comparison(Comparison::LessOrEqual),
        '≥' | '⩾' | '≧' => Token::Comparison(Comparison::GreaterOrEqual),
        '≠' => Token::Comparison(Comparison::NotEqual),
        '≈' | '≃' | '≅' => Token::About,
        '∈' => Token::Member,
        '→' | '⇒' | '⟹' => Token::Arrow,
        '∪' => Token::Union,
        '%' | '％' => Token::Percent,
        '°' => Token::Degree,
        '€' | '£' | '¥' | '₹' => Token::Currency,
        '&' => Token::Column,
        '∞' => Token::Infinity,
        'π' => Token::Pi,
        '…' | '⋯' => Token::Ellipsis,
        '∨' => Token::Or,
        '∧' => Token::And,
        _ => return None,
    })
}

fn command_token(name: &str) -> Option<Token> {
    Some(match name {
        "cdot" | "times" | "ast" | "bullet" => Token::Times,
        "div" => Token::Divide,
        "bmod" | "mod" => Token::Modulo,
        "pm" => Token::PlusMinus(true),
        "mp" => Token::PlusMinus(false),
        "le" | "leq" | "leqslant" | "leqq" => Token::Comparison(Comparison::LessOrEqual),
        "ge" | "geq" | "geqslant" | "geqq" => Token::Comparison(Comparison::GreaterOrEqual),
        "lt" => Token::Comparison(Comparison::Less),
        "gt" => Token::Comparison(Comparison::Greater),
        "ne" | "neq" => Token::Comparison(Comparison::NotEqual),
        "equiv" => Token::Comparison(Comparison::Equal),
        "approx" | "simeq" | "sim" | "doteq" | "thickapprox" => Token::About,
        "in" => Token::Member,
        "to" | "rightarrow" | "Rightarrow" | "implies" | "longrightarrow" | "mapsto" => Token::Arrow,
        "cup" | "bigcup" => Token::Union,
        "lor" | "vee" => Token::Or,
        "land" | "wedge" => Token::And,
        "infty" => Token::Infinity,
        "pi" => Token::Pi,
        "ldots" | "dots" | "cdots" | "dotsc" | "dotsb" | "vdots" => Token::Ellipsis,
        "colon" => Token::Colon,
        "degree" => Token::Degree,
        "prime" => Token::Prime,
        "lbrace" => Token::Open(Bracket::Set),
        "rbrace" => Token::Close(Bracket::Set),
        "lbrack" => Token::Open(Bracket::Square),
        "rbrack" => Token::Close(Bracket::Square),
        "langle" => Token::Open(Bracket::Angle),
        "rangle" => Token::Close(Bracket::Angle),
        "lfloor" => Token::Open(Bracket::Floor),
        "rfloor" => Token::Close(Bracket::Floor),
        "lceil" => Token::Open(Bracket::Ceiling),
        "rceil" => Token::Close(Bracket::Ceiling),
        "lvert" => Token::Open(Bracket::Absolute),
        "rvert" => Token::Close(Bracket::Absolute),
        "vert" | "mid" => Token::Bar,
        "frac" | "dfrac" | "tfrac" | "cfrac" => Token::Command("frac".to_owned()),
        "binom" | "dbinom" | "tbinom" => Token::Command("binom".to_owned()),
        "sqrt" | "sum" | "prod" | "int" | "lim" | "iint" | "oint" => Token::Command(name.to_owned()),
        "varepsilon" => Token::Letter("epsilon".to_owned()),
        "varphi" => Token::Letter("phi".to_owned()),
        "vartheta" => Token::Letter("theta".to_owned()),
        _ if GREEK.contains(&name) => Token::Letter(name.to_owned()),
        _ => return None,
    })
}

/// A run of letters, or the whole of a `\text{…}`, that has a meaning of its own.
fn known_word(word: &str) -> Option<Token> {
    if let Some(function) = Function::named(word) {
        return Some(Token::Function(function));
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "pi" => Token::Pi,
        "sqrt" => Token::Command("sqrt".to_owned()),
        "and" => Token::And,
        "or" => Token::Or,
        "percent" | "pct" | "percentage" => Token::Percent,
        "degrees" | "degree" | "deg" => Token::Degree,
        "infinity" | "oo" | "inf" => Token::Infinity,
        "mod" => Token::Modulo,
        _ if GREEK.contains(&word) && word.len() > 2 => Token::Letter(word.to_owned()),
        _ => return None,
    })
}

/// A function's name written together with one-letter names: `sinx`.
fn glued_function(run: &str) -> Option<(Token, &str)> {
    ["sin", "cos", "tan", "ln"].into_iter().find_map(|name| {
        let rest = run.strip_prefix(name)?;
        Some((Token::Function(Function::named(name)?), rest))
    })
}

fn is_common_word(run: &str) -> bool {
    // Capitals alone are points and lengths.
    let spelled = run.chars().skip(1).all(|letter| letter.is_ascii_lowercase());
    spelled
        && matches!(
            run.to_ascii_lowercase().as_str(),
            "no" | "yes"
                | "odd"
                | "the"
                | "all"
                | "any"
                | "is"
                | "are"
                | "of"
                | "to"
                | "if"
                | "for"
                | "per"
                | "not"
                | "so"
                | "it"
                | "we"
                | "by"
                | "at"
                | "one"
                | "two"
                | "six"
                | "ten"
                | "has"
                | "can"
                | "but"
                | "was"
                | "sq"
                | "mph"
                | "pm"
                | "am"
                | "red"
                | "none"
                | "an"
                | "on"
                | "as"
                | "be"
                | "its"
        )
}

const GREEK: &[&str] = &[
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Phi",
    "Psi",
    "Omega",
    "ell",
    "emptyset",
    "varnothing",
    "nabla",
    "partial",
    "angle",
    "triangle",
];

fn greek_letter(character: char) -> Option<&'static str> {
    Some(match character {
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'θ' => "theta",
        'λ' => "lambda",
        'μ' | 'µ' => "mu",
        'ρ' => "rho",
        'σ' => "sigma",
        'τ' => "tau",
        'φ' | 'ϕ' => "phi",
        'ω' => "omega",
        'Δ' => "Delta",
        'Ω' => "Omega",
        '∅' => "emptyset",
        '∠' => "angle",
        _ => return None,
    })
}

fn superscript(character: char) -> Option<char> {
    Some(match character {
        '⁰' => '0',
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁴' => '4',
        '⁵' => '5',
        '⁶' => '6',
        '⁷' => '7',
        '⁸' => '8',
        '⁹' => '9',
        '⁻' => '-',
        _ => return None,
    })
}

fn vulgar_fraction(character: char) -> Option<(u8, u8)> {
    Some(match character {
        '½' => (1, 2),
        '⅓' => (1, 3),
        '⅔' => (2, 3),
        '¼' => (1, 4),
        '¾' => (3, 4),
        '⅕' => (1, 5),
        '⅙' => (1, 6),
        '⅛' => (1, 8),
        _ => return None,
    })
}
