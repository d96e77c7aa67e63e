//! Python's literals, for datasets that write arguments and results as `repr` does: `nums = [3, 3], target = 6`.

use gradebox_sdk::value::{Integer, Value};

/// Containers within containers.
const MAX_DEPTH: usize = 100;

/// Arguments by position and by name.
pub(super) type Arguments = (Vec<Value>, Vec<(String, Value)>);

/// The value that a literal stands for; none when the text is anything else.
pub(super) fn value(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text, depth: 0 };
    let value = reader.value()?;
    reader.blanks();
    reader.rest.is_empty().then_some(value)
}

/// The arguments of a call, parted by commas or line ends.
pub(super) fn arguments(text: &str) -> Option<Arguments> {
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let (mut args, mut kwargs) = (Vec::new(), Vec::new());
    while !reader.rest.is_empty() {
        match reader.keyword() {
            Some(name) => kwargs.push((name.to_owned(), reader.value()?)),
            None if kwargs.is_empty() => args.push(reader.value()?),
            None => return None,
        }
        let on_one_line = reader.rest.trim_start_matches([' ', '\t', '\r']);
        let ends_line = on_one_line.starts_with('\n');
        reader.blanks();
        if !reader.take(",") && !ends_line && !reader.rest.is_empty() {
            return None;
        }
        reader.blanks();
    }
    Some((args, kwargs))
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&self) -> &'a str {
        let end = self.rest.find(|character: char| !character.is_alphanumeric() && character != '_');
        self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default()
    }

    /// `name =`, which is taken.
    fn keyword(&mut self) -> Option<&'a str> {
        let name = self.word();
        let starts_name = name.starts_with(|character: char| character.is_alphabetic() || character == '_');
        let behind = self.rest.get(name.len()..)?.trim_start().strip_prefix('=')?;
        if !starts_name || behind.starts_with('=') {
            return None;
        }
        self.rest = behind;
        Some(name)
    }

    fn value(&mut self) -> Option<Value> {
        self.blanks();
        match self.rest.chars().next()? {
            '[' => Some(Value::List(self.items("[", "]")?.0)),
            '(' => {
                let (items, comma) = self.items("(", ")")?;
                match <[Value; 1]>::try_from(items) {
                    Ok([only]) if !comma => Some(only),
                    Ok(one) => Some(Value::Tuple(one.into())),
                    Err(items) => Some(Value::Tuple(items)),
                }
            }
            '{' => self.braces(),
            '\'' | '"' => self.text().map(Value::Str),
            '-' | '+' | '.' | '0'..='9' => self.number(),
            _ => self.named(),
        }
    }

    /// The items between two brackets, and whether a comma stands behind the last.
    fn items(&mut self, open: &str, close: &str) -> Option<(Vec<Value>, bool)> {
        self.enter(open)?;
        let (mut items, mut comma) = (Vec::new(), false);
        while !self.closes(close) {
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.value()?);
            self.blanks();
            comma = self.take(",");
        }
        self.depth -= 1;
        Some((items, comma))
    }

    /// A set or a dict.
    fn braces(&mut self) -> Option<Value> {
        self.enter("{")?;
        let (mut members, mut entries, mut comma) = (Vec::new(), Vec::new(), true);
        while !self.closes("}") {
            if !comma {
                return None;
            }
            let key = self.value()?;
            self.blanks();
            if self.take(":") {
                entries.push((key, self.value()?));
            } else {
                members.push(key);
            }
            self.blanks();
            comma = self.take(",");
        }
        self.depth -= 1;
        match (members.is_empty(), entries.is_empty()) {
            (true, _) => Some(Value::Dict(entries)),
            (false, true) => Some(Value::Set(members)),
            (false, false) => None,
        }
    }

    fn enter(&mut self, open: &str) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH && self.take(open)).then_some(())
    }

    fn closes(&mut self, close: &str) -> bool {
        self.blanks();
        self.take(close)
    }

    fn number(&mut self) -> Option<Value> {
        let is_part = |(index, character): (usize, char), text: &str| match character {
            '0'..='9' | '.' | '_' | 'e' | 'E' => true,
            '-' | '+' => index == 0 || text.get(..index).is_some_and(|before| before.ends_with(['e', 'E'])),
            _ => false,
        };
        let text = self.rest;
        let end = text.char_indices().find(|part| !is_part(*part, text)).map_or(text.len(), |(index, _)| index);
        let digits = text.get(..end)?.replace('_', "");
        self.rest = text.get(end..)?;
        if self.rest.starts_with(|character: char| character.is_alphanumeric()) {
            return None;
        }
        Integer::parse(&digits).map(Value::Int).or_else(|| digits.parse().ok().map(Value::Float))
    }

    fn named(&mut self) -> Option<Value> {
        let word = self.word();
        let value = match word {
            "None" | "null" => Value::Null,
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            "set" if self.rest.starts_with("set()") => {
                self.rest = self.rest.get(5..)?;
                return Some(Value::Set(Vec::new()));
            }
            _ => return None,
        };
        self.rest = self.rest.get(word.len()..)?;
        Some(value)
    }

    /// A string in single or double quotes on one line.
    fn text(&mut self) -> Option<String> {
        let mut characters = self.rest.chars();
        let quote = characters.next()?;
        let mut text = String::new();
        loop {
            match characters.next()? {
                '\n' => return None,
                '\\' => text.push(escaped(&mut characters)?),
                character if character == quote => break,
                character => text.push(character),
            }
        }
        self.rest = characters.as_str();
        Some(text)
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Option<char> {
    match characters.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        '0' => Some('\0'),
        'x' => code_point(characters, 2),
        'u' => code_point(characters, 4),
        'U' => code_point(characters, 8),
        same @ ('\\' | '\'' | '"') => Some(same),
        _ => None,
    }
}

fn code_point(characters: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let hexadecimal: String = characters.by_ref().take(digits).collect();
    let code = u32::from_str_radix(&hexadecimal, 16).ok().filter(|_| hexadecimal.len() == digits);
    char::from_u32(code?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        value(text).map(|value| value.to_string())
    }

    #[test]
    fn what_python_prints_is_read() {
        for text in [
            "None",
            "True",
            "-5",
            "1.5",
            "'it'",
            "\"it's\"",
            "[1, 'a', [2.0, None]]",
            "()",
            "(1,)",
            "(1, 2)",
            "{'a': [1], 2: (3, 4)}",
            "{1, 2}",
            "set()",
            "{}",
            r"'a\nb\\'",
            "123456789012345678901234567890",
            "-0.25",
        ] {
            assert_eq!(printed(text).as_deref(), Some(text));
        }
        assert_eq!(printed(" ( 1 ) "), Some("1".to_owned()));
        assert_eq!(printed(r"'\x41\u00e9\t'"), Some(r"'Aé\t'".to_owned()));
        assert_eq!(value("1e+16"), Some(Value::from(1e16)));
        assert_eq!(printed("[1, 2,]"), Some("[1, 2]".to_owned()));
    }

    #[test]
    fn what_is_no_literal_is_none() {
        for text in ["", "f(1)", "[1", "1 2", "x", "'a", "{1: 2, 3}", "[1 2]", "__import__('os')", "1a", "[,]", "--1"] {
            assert_eq!(printed(text), None, "{text}");
        }
        assert_eq!(printed(&"[".repeat(100_000)), None);
    }

    #[test]
    fn arguments_have_positions_or_names() {
        let one = |number: i64| Value::from(number);
        assert_eq!(
            arguments("nums = [3,3], target = 6"),
            Some((vec![], vec![("nums".to_owned(), Value::List(vec![one(3), one(3)])), ("target".to_owned(), one(6))]))
        );
        assert_eq!(arguments("'abc', 3"), Some((vec![Value::from("abc"), one(3)], vec![])));
        assert_eq!(arguments("[1]\n'x'\n"), Some((vec![Value::List(vec![one(1)]), Value::from("x")], vec![])));
        assert_eq!(arguments(""), Some((vec![], vec![])));
        assert_eq!(arguments("a = 1, 2"), None);
        assert_eq!(arguments("1 2"), None);
    }

    mod properties {
        use proptest::prelude::*;

        use super::*;

        fn literal() -> impl Strategy<Value = Value> {
            let scalar = prop_oneof![
                Just(Value::Null),
                any::<bool>().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                (-1e300..1e300_f64).prop_map(Value::from),
                "[a'\"\\\\\n\u{e9}\u{7}]{0,4}".prop_map(Value::from),
            ];
            scalar.prop_recursive(4, 32, 4, |inner| {
                let items = || prop::collection::vec(inner.clone(), 0..4);
                prop_oneof![
                    items().prop_map(Value::List),
                    items().prop_map(Value::Tuple),
                    items().prop_map(Value::Set),
                    prop::collection::vec((inner.clone(), inner.clone()), 0..3).prop_map(Value::Dict),
                ]
            })
        }

        proptest! {
            #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn what_is_printed_is_read_again(expected in literal()) {
                prop_assert_eq!(value(&expected.to_string()), Some(expected));
            }

            #[test]
            fn any_text_is_read_or_refused(text in "[\\[\\](){}'\",:=a1e.+ \n\\\\-]{0,16}") {
                if let Some(read) = value(&text) {
                    prop_assert_eq!(value(&read.to_string()), Some(read));
                }
                let _ = arguments(&text);
            }
        }
    }
}
