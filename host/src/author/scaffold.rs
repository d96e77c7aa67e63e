//! New projects.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    SourceLanguage, rust_project,
    sources::{self, Source},
};

/// Why no project was made.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    #[error("`{0}` is no name of a grader: lower-case words that begin with a letter, joined by `-`, are")]
    Name(String),
    #[error("{} exists and is not empty", .0.display())]
    Occupied(PathBuf),
    #[error("cannot write {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// A defect of this program.
    #[error("the manifest of the SDK cannot be read: {0}")]
    Manifest(#[from] toml::de::Error),
}

/// Makes a project of a grader called `name` in `folder`, which must not exist or be empty.
pub fn scaffold(folder: &Path, name: &str, language: SourceLanguage) -> Result<(), ScaffoldError> {
    if !is_name(name) {
        return Err(ScaffoldError::Name(name.to_owned()));
    }
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(ScaffoldError::Occupied(folder.to_owned()));
    }
    for source in sources::example(language) {
        let text = match source.path {
            "Cargo.toml" => rust_project::manifest(source),
            _ => source.text.to_owned(),
        };
        write(folder, source.path, &renamed(&text, name))?;
    }
    write_all(folder, "", sources::sdk(language))?;
    if language == SourceLanguage::Rust {
        write(folder, &format!("{}/Cargo.toml", rust_project::SDK_FOLDER), &rust_project::sdk_manifest()?)?;
        write_all(folder, rust_project::CONTRACT_FOLDER, sources::CONTRACT)?;
    } else {
        write_world(folder)?;
    }
    write(folder, "README.md", &readme(name, language))?;
    write(folder, ".gitignore", "*.wasm\ntarget/\nnode_modules/\n__pycache__/\n")
}

/// Writes the folder `wit` of a project: its world, and the contract that the world draws from.
pub(super) fn write_world(folder: &Path) -> Result<(), ScaffoldError> {
    write_all(folder, "", sources::WORLD)?;
    write_all(folder, "wit/deps/gradebox-grader", sources::CONTRACT)
}

pub(super) fn write_all(folder: &Path, within: &str, files: &[Source]) -> Result<(), ScaffoldError> {
    files.iter().try_for_each(|source| write(&folder.join(within), source.path, source.text))
}

fn write(folder: &Path, path: &str, text: &str) -> Result<(), ScaffoldError> {
    let path = folder.join(path);
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
    written.map_err(|source| ScaffoldError::Io { path, source })
}

/// Lower-case words joined by `-`, each of which begins with a letter.
fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    name.len() <= 64 && name.split('-').all(is_word)
}

/// The example's text with its name replaced, in every spelling that languages ask for.
fn renamed(text: &str, name: &str) -> String {
    let camel: String = name
        .split('-')
        .map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>())
        .collect();
    text.replace("word-limit", name).replace("WordLimit", &camel).replace("word_limit", &name.replace('-', "_"))
}

fn readme(name: &str, language: SourceLanguage) -> String {
    let main = language.main_file();
    format!(
        "# {name}\n\nA grader for Gradebox. It stands in `{main}`; `examples` there are its tests.\n\n\
         ```sh\ngradebox build                                      # makes and checks {name}.wasm\n\
         gradebox grade rows.jsonl --graders . -g {name}     # grades with it; --watch grades again after a build\n```\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_words() {
        for name in ["a", "word-limit", "b2-c3"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-", "a-", "A", "a_b", "2a", "a--b", "ä", "../a", &"a".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn every_spelling_of_the_name_is_replaced() {
        assert_eq!(renamed("word-limit WordLimit word_limit", "too-long"), "too-long TooLong too_long");
    }
}
