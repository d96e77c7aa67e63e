//! How names are written. Source: PEP 8, "Naming Conventions".

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Function,
    Class,
    Parameter,
    /// Inside a function.
    Variable,
    /// At the top of a module, where constants stand, too.
    ModuleVariable,
    /// Of a value that is a type, such as that of `namedtuple`.
    TypeVariable,
}

impl Kind {
    /// The kind in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Class => "class",
            Self::Parameter => "parameter",
            Self::Variable | Self::ModuleVariable | Self::TypeVariable => "variable",
        }
    }

    /// Whether a name of this kind is written as it should be.
    pub(crate) fn allows(self, name: &str) -> bool {
        match self {
            Self::Class => is_cap_words(name),
            Self::Function | Self::Parameter | Self::Variable => is_snake_case(name),
            Self::ModuleVariable => is_snake_case(name) || is_constant(name),
            Self::TypeVariable => is_snake_case(name) || is_constant(name) || is_cap_words(name),
        }
    }

    /// The name as it should be written.
    pub(crate) fn corrected(self, name: &str) -> String {
        if self == Self::Class { cap_words(name) } else { snake_case(name) }
    }
}

/// No capital letter: `count`, `_count_2`, `__init__`.
fn is_snake_case(name: &str) -> bool {
    !name.chars().any(char::is_uppercase)
}

/// No small letter: `LIMIT`, `MOST_ROWS`.
fn is_constant(name: &str) -> bool {
    !name.chars().any(char::is_lowercase)
}

/// A capital first and no underscore between words: `Tree`, `_HTTPServer`.
fn is_cap_words(name: &str) -> bool {
    let word = name.trim_matches('_');
    !word.contains('_') && word.chars().next().is_none_or(|first| !first.is_lowercase())
}

/// `parseHTTPReply` as `parse_http_reply`.
fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let next = letters.get(at + 1);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && next.is_some_and(|next| next.is_lowercase()))
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `binary_tree` as `BinaryTree`; underscores at the start stay.
fn cap_words(name: &str) -> String {
    let bare = name.trim_start_matches('_');
    let mut words = name.get(..name.len() - bare.len()).unwrap_or_default().to_owned();
    for word in bare.split('_') {
        let mut letters = word.chars();
        words.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        words.push_str(letters.as_str());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_spelling() {
        for (kind, good, bad) in [
            (Kind::Function, "compute_total _helper __init__ f2 größe", "computeTotal ComputeTotal COMPUTE"),
            (Kind::Parameter, "x max_rows _unused", "X maxRows"),
            (Kind::Variable, "x i_2", "X LIMIT maxRows"),
            (Kind::ModuleVariable, "x LIMIT MOST_ROWS N", "maxRows MaxRows Max_Rows"),
            (Kind::TypeVariable, "Point T point", "pointType Point_type"),
            (Kind::Class, "Tree _Tree HTTPServer A1 T", "tree binaryTree Binary_Tree TREE_NODE"),
        ] {
            for name in good.split(' ') {
                assert!(kind.allows(name), "{kind:?} {name}");
            }
            for name in bad.split(' ') {
                assert!(!kind.allows(name), "{kind:?} {name}");
                assert!(kind.allows(&kind.corrected(name)), "{kind:?} {name} as {}", kind.corrected(name));
            }
        }
    }

    #[test]
    fn words_are_told_apart() {
        assert_eq!(snake_case("parseHTTPReply2Text"), "parse_http_reply2_text");
        assert_eq!(cap_words("_binary_tree"), "_BinaryTree");
    }
}
