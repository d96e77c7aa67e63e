//! The languages that can be checked, and the parser of each.

use code_blocks::Source;
use ruff_python_ast::PythonVersion;

use crate::{
    css, html, javascript, json,
    problem::{Problem, TooDeep},
    python, rust, sql, toml, xml, yaml,
};

/// A language with a parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    JavaScript,
    TypeScript,
    Rust,
    Sql,
    Json,
    JsonLines,
    Toml,
    Yaml,
    Css,
    Scss,
    Less,
    Html,
    Xml,
}

/// Each language with its name in fences, as `code_blocks::normalised` gives it, and its name in sentences.
const ALL: [(Language, &str, &str); 14] = [
    (Language::Python, "python", "Python"),
    (Language::JavaScript, "javascript", "JavaScript"),
    (Language::TypeScript, "typescript", "TypeScript"),
    (Language::Rust, "rust", "Rust"),
    (Language::Sql, "sql", "SQL"),
    (Language::Json, "json", "JSON"),
    (Language::JsonLines, "jsonl", "JSON Lines"),
    (Language::Toml, "toml", "TOML"),
    (Language::Yaml, "yaml", "YAML"),
    (Language::Css, "css", "CSS"),
    (Language::Scss, "scss", "SCSS"),
    (Language::Less, "less", "Less"),
    (Language::Html, "html", "HTML"),
    (Language::Xml, "xml", "XML"),
];

impl Language {
    /// The language that a fence or a user names; `None` for one that cannot be checked.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = code_blocks::normalised(name);
        ALL.iter().find(|(_, tag, _)| *tag == name).map(|(language, ..)| *language)
    }

    /// The name in fences.
    pub(crate) fn tag(self) -> &'static str {
        ALL.iter().find(|(language, ..)| *language == self).map_or("", |(_, tag, _)| tag)
    }

    /// The name in sentences.
    pub(crate) fn title(self) -> &'static str {
        ALL.iter().find(|(language, ..)| *language == self).map_or("", |(.., title)| title)
    }

    /// The names of all languages, joined by commas.
    pub(crate) fn all() -> String {
        ALL.map(|(_, tag, _)| tag).join(", ")
    }

    /// What is wrong with the code, in its order; nothing when it is valid.
    pub(crate) fn problems(self, source: &Source<'_>, python: PythonVersion) -> Result<Vec<Problem>, TooDeep> {
        match self {
            Self::Python => python::problems(source, python),
            Self::JavaScript => javascript::problems(source, javascript::Dialect::JavaScript),
            Self::TypeScript => javascript::problems(source, javascript::Dialect::TypeScript),
            Self::Rust => rust::problems(source),
            Self::Sql => sql::problems(source),
            Self::Json => Ok(json::problems(source)),
            Self::JsonLines => Ok(json::problems_of_lines(source)),
            Self::Toml => toml::problems(source),
            Self::Yaml => Ok(yaml::problems(source)),
            Self::Css => css::problems(source, css::Dialect::Css),
            Self::Scss => css::problems(source, css::Dialect::Scss),
            Self::Less => css::problems(source, css::Dialect::Less),
            Self::Html => Ok(html::problems(source)),
            Self::Xml => Ok(xml::problems(source)),
        }
    }
}
