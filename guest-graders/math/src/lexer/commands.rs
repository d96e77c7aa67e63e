//! LaTeX commands: their tokens, and the groups that they take as text.

use super::names::{GREEK, known_word};
use super::{Bracket, Lexer, Token};
use crate::tree::{Comparison, Function};
use crate::units;

impl Lexer {
    pub(super) fn command(&mut self) -> Result<(), String> {
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
    pub(super) fn double_backslash(&mut self) -> Result<(), String> {
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

    pub(super) fn escaped_symbol(&mut self) -> Result<(), String> {
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

    pub(super) fn named_command(&mut self, name: &str) -> Result<(), String> {
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
            | "hbox" => self.text_command(name),
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
    pub(super) fn unknown_command(&mut self, name: &str) -> Result<(), String> {
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
    pub(super) fn raw_group(&mut self) -> String {
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

    pub(super) fn text_command(&mut self, name: &str) -> Result<(), String> {
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
        if matches!(content, "min" | "sec") && name != "operatorname" && self.after_number() {
            self.push(Token::Word(content.to_owned()));
            return Ok(());
        }
        if let Some(token) = known_word(content) {
            self.push(token);
            return Ok(());
        }
        if name == "operatorname" && content.chars().all(char::is_alphabetic) && !content.is_empty() {
            self.push(Token::Letter(content.to_owned()));
            return Ok(());
        }
        let upright = matches!(name, "mathrm" | "rm") && content.len() < 4;
        if upright && content.chars().all(|next| next.is_ascii_alphabetic()) && !units::is_unit(content) {
            content.chars().for_each(|letter| self.push(Token::Letter(letter.to_string())));
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

    pub(super) fn decorated(&mut self, name: &str) {
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

    pub(super) fn environment(&mut self, name: &str) -> Result<(), String> {
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

pub(super) const IGNORED_COMMANDS: &[&str] = &[
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

pub(super) fn command_token(name: &str) -> Option<Token> {
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
