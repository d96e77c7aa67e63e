//! What the tag of a fence says about the language.

/// Tags that mean the same language, which comes first.
const ALIASES: &[&[&str]] = &[
    &["python", "py", "python3", "py3", "cpython", "pycon", "python-repl", "pyrepl", "doctest", "gyp", "pyw"],
    &["javascript", "js", "node", "nodejs", "mjs", "cjs", "jsx", "ecmascript"],
    &["typescript", "ts", "tsx", "mts", "cts"],
    &[
        "bash",
        "sh",
        "shell",
        "zsh",
        "ksh",
        "fish",
        "console",
        "shell-session",
        "shellsession",
        "terminal",
        "cmd",
        "bat",
    ],
    &["powershell", "ps1", "pwsh"],
    &["text", "txt", "plain", "plaintext", "output", "out", "stdout", "none", "log", "raw", "ascii"],
    &["markdown", "md", "mdx"],
    &["cpp", "c++", "cxx", "hpp", "cc"],
    &["c", "h"],
    &["csharp", "cs", "c#"],
    &["rust", "rs"],
    &["go", "golang"],
    &["ruby", "rb"],
    &["kotlin", "kt"],
    &["haskell", "hs"],
    &["perl", "pl"],
    &["yaml", "yml"],
    &["jsonl", "jsonlines", "ndjson", "json-lines"],
    &["xml", "svg", "xsd", "xsl", "xslt", "rss", "plist"],
    &["latex", "tex"],
    &["html", "htm", "html5"],
    &["diff", "patch"],
    &["sql", "mysql", "postgresql", "postgres", "psql", "sqlite", "tsql", "t-sql", "plsql"],
    &["pseudocode", "pseudo"],
    &["pytb", "traceback", "python-traceback"],
];

/// Languages without other names that programs are written in.
const OTHER_PROGRAMMING: &[&str] = &[
    "java", "scala", "swift", "php", "lua", "julia", "r", "dart", "elixir", "erlang", "clojure", "fortran", "cobol",
    "matlab", "ocaml", "fsharp", "groovy", "zig", "nim", "sql", "assembly", "asm", "vb", "pascal", "lisp", "scheme",
    "prolog", "solidity", "python2", "py2", "ipython", "cython", "wat", "awk",
];

/// Languages that hold data, text or commands, never the program that was asked for.
const NOT_PROGRAMMING: &[&str] = &[
    "text",
    "bash",
    "powershell",
    "json",
    "jsonc",
    "json5",
    "jsonl",
    "yaml",
    "toml",
    "ini",
    "xml",
    "html",
    "css",
    "scss",
    "less",
    "csv",
    "markdown",
    "latex",
    "diff",
    "math",
    "mermaid",
    "pytb",
    "dockerfile",
    "makefile",
    "http",
    "rst",
    "pseudocode",
];

/// A language by its usual name: lower case, one name for all aliases (`Python3`, `py`, `main.py` are `python`).
/// A name that is not known is given back in lower case.
pub fn normalised(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let bare = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map_or(name.as_str(), |(_, ending)| ending);
    if is_python_version(&name) {
        return "python".to_owned();
    }
    canonical(&name).or_else(|| canonical(bare)).map_or(name, ToOwned::to_owned)
}

/// The language that the text behind a fence names; `None` for a bare fence.
///
/// Understands `python`, `Python title="x"`, `py,ignore`, `python:app.py`, `{.python .numbered}`, `{python}`,
/// `language-python` and file names.
pub(crate) fn of_info(info: &str) -> Option<String> {
    let info = info.trim().trim_start_matches(['{', '.', ' ']);
    let word = info.split([' ', '\t', ',', '{', '}', ':', ';', '(', '=', '|', '[']).find(|word| !word.is_empty())?;
    let lower = word.to_lowercase();
    let word = lower.strip_prefix("language-").or_else(|| lower.strip_prefix("lang-")).unwrap_or(&lower);
    Some(normalised(word))
}

/// Whether the name is one that a fence is likely to be tagged with.
pub(crate) fn is_known(language: &str) -> bool {
    is_programming(language) && canonical(language).is_some()
        || OTHER_PROGRAMMING.contains(&language)
        || NOT_PROGRAMMING.contains(&language)
}

/// Whether a block of this language, named as [`normalised`] does, may be the program that was asked for; an unknown
/// language may.
pub fn is_programming(language: &str) -> bool {
    !NOT_PROGRAMMING.contains(&language)
}

fn canonical(name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|names| names.contains(&name)).and_then(|names| names.first()).copied()
}

/// `python3.12`, `py3.9`, `python-3`.
fn is_python_version(name: &str) -> bool {
    let Some(version) = name.strip_prefix("python").or_else(|| name.strip_prefix("py")) else {
        return false;
    };
    let version = version.trim_start_matches(['-', '_']);
    version.starts_with('3') && version.chars().all(|c| c.is_ascii_digit() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_versions_are_one_language() {
        for name in ["python", "Python", "PYTHON3", "py", "python3.12", "py3", "main.py", " python ", "pycon"] {
            assert_eq!(normalised(name), "python", "{name}");
        }
        assert_eq!(normalised("JS"), "javascript");
        assert_eq!(normalised("Brainfuck"), "brainfuck");
        assert_eq!(normalised("python2"), "python2");
        assert_eq!(normalised("c++"), "cpp");
    }

    #[test]
    fn info_strings_of_every_fashion_name_the_language() {
        for info in [
            "python",
            " Python3 ",
            "py title=\"x.py\"",
            "{.python}",
            " {.python .numberLines}",
            "{python, echo=FALSE}",
            "python,ignore",
            "python:src/app.py",
            "python{1,3}",
            "language-python",
            "app.py",
        ] {
            assert_eq!(of_info(info).as_deref(), Some("python"), "{info}");
        }
        assert_eq!(of_info("  "), None);
        assert_eq!(of_info("{}"), None);
    }

    #[test]
    fn output_is_no_program_and_an_unknown_language_may_be() {
        assert!(!is_programming("text") && !is_programming("bash"));
        assert!(is_programming("python") && is_programming("brainfuck"));
        assert!(is_known("bash") && is_known("java") && !is_known("brainfuck"));
    }
}
