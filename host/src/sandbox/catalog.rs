//! The components of directories: what each is, what it asks for, and why some cannot be used.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use futures::{StreamExt, stream};
use serde_json::Value;

use super::{
    admission::{Admitted, Look, Turns, admit, listed},
    cache::CompileCache,
    index::Index,
    pool::Sandbox,
    wire::ComponentId,
};
use crate::{fields::Needs, grader::Mode, score::Scale, text::clean};

/// The id of a component that is listed only; no worker knows it.
pub(super) const NOT_READY: ComponentId = ComponentId::MAX;

/// A directory cannot be searched for components.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the grader directory `{}`", path.display())]
pub struct CatalogError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// A component is not what it was when it was listed.
#[derive(Debug, thiserror::Error)]
#[error("`{}` was listed as `{name}` and {what}", path.display())]
pub struct Changed {
    pub path: PathBuf,
    pub name: String,
    pub what: String,
}

/// A grader component.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    pub version: String,
    pub summary: String,
    pub path: PathBuf,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    pub mode: Mode,
    pub scale: Scale,
    pub needs: Needs,
    /// JSON Schema of the parameters.
    pub params_schema: Value,
    /// Golden cases: an array of `{sample, params, verdict}`.
    pub examples: Value,
    /// The capabilities that the component imports: `log`, `programs`, `models`.
    pub capabilities: Vec<String>,
    pub(super) component: ComponentId,
}

impl Entry {
    /// Whether the component can use a capability at all.
    pub fn imports(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|imported| imported == capability)
    }
}

/// A language runtime.
#[derive(Debug, Clone)]
pub struct Language {
    pub name: String,
    /// Of the language's implementation.
    pub version: String,
    pub aliases: Vec<String>,
    /// Of source files, without the dot.
    pub extensions: Vec<String>,
    pub path: PathBuf,
    pub digest: String,
    pub(super) component: ComponentId,
}

impl Language {
    /// Whether the name, or an alias, is `name`.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// A file that looked like a component and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub path: PathBuf,
    pub reason: String,
}

/// Every usable component of some directories, and every unusable one.
#[derive(Debug, Default)]
pub struct Catalog {
    graders: Vec<Entry>,
    by_name: HashMap<String, usize>,
    languages: Vec<Language>,
    rejected: Vec<Rejected>,
    notices: Vec<String>,
}

impl Catalog {
    /// Searches directories, and the folder `runtimes` in each, for `.wasm` files, and takes single files as they are. Where two components have one name,
    /// the earlier directory wins. `compiling` is told of each component that has to be compiled first.
    pub async fn open(
        sandbox: &Sandbox,
        cache: &CompileCache,
        directories: &[PathBuf],
        compiling: &(dyn Fn(&Path) + Sync),
    ) -> Result<Self, CatalogError> {
        Self::search(sandbox, cache, directories, compiling, |_| Index::default()).await
    }

    /// The same, without a look at the graders whose files are as they were at the last search. Such a grader must be
    /// [confirmed](Self::confirm) before it is used.
    pub async fn list(
        sandbox: &Sandbox,
        cache: &CompileCache,
        directories: &[PathBuf],
        compiling: &(dyn Fn(&Path) + Sync),
    ) -> Result<Self, CatalogError> {
        Self::search(sandbox, cache, directories, compiling, |directory| Index::read(cache, directory)).await
    }

    async fn search(
        sandbox: &Sandbox,
        cache: &CompileCache,
        directories: &[PathBuf],
        compiling: &(dyn Fn(&Path) + Sync),
        index_of: impl Fn(&Path) -> Index,
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        let turns = Turns::new();
        for directory in directories {
            let known = index_of(directory);
            let paths = wasm_files(directory)?;
            let look = async |path: PathBuf| {
                let indexed = known.find(&path);
                if let Some(found) = indexed.and_then(|file| listed(&path, file.digest.clone(), file.note.clone())) {
                    return (path, Ok(Seen::Listed(found)));
                }
                let look = admit(sandbox, cache, &path, &turns, compiling).await;
                (path, look.map(|look| Seen::Looked(Box::new(look))))
            };
            let seen: Vec<_> = stream::iter(paths).map(look).buffered(turns.count()).collect().await;
            let mut index = Index::default();
            for (path, seen) in seen {
                match seen {
                    Ok(Seen::Listed(admitted)) => {
                        index.keep_from(&known, &path);
                        catalog.add(sandbox, admitted);
                    }
                    Ok(Seen::Looked(look)) => {
                        if path.parent() == Some(directory) {
                            index.add(&path, &look);
                        }
                        catalog.add(sandbox, look.admitted);
                    }
                    Err(reason) => catalog.rejected.push(Rejected { path, reason: clean(&reason) }),
                }
            }
            if index != known {
                index.write(cache, directory);
            }
        }
        Ok(catalog)
    }

    /// Looks at the content of a grader, unless that was done: what is run is always what lies there now, under the
    /// description of what lies there now. Where the listing was wrong, the index is forgotten. The result tells whether
    /// the content was the listed one.
    pub async fn confirm(
        &mut self,
        sandbox: &Sandbox,
        cache: &CompileCache,
        name: &str,
        compiling: &(dyn Fn(&Path) + Sync),
    ) -> Result<bool, Changed> {
        let Some(entry) = self.by_name.get(name).and_then(|index| self.graders.get_mut(*index)) else {
            return Ok(true);
        };
        if entry.component != NOT_READY {
            return Ok(true);
        }
        let look = admit(sandbox, cache, &entry.path, &Turns::new(), compiling).await;
        let what = match look {
            Ok(Look { admitted: Admitted::Grader(found), .. }) if found.name == name => {
                let is_listed = found.digest == entry.digest;
                if !is_listed {
                    Index::forget(cache, &entry.path);
                }
                *entry = *found;
                return Ok(is_listed);
            }
            Ok(Look { admitted: Admitted::Grader(found), .. }) => format!("is `{}` now", found.name),
            Ok(Look { admitted: Admitted::Language(found), .. }) => {
                format!("is the language runtime `{}` now", found.name)
            }
            Err(reason) => clean(&reason),
        };
        Index::forget(cache, &entry.path);
        Err(Changed { path: entry.path.clone(), name: name.to_owned(), what })
    }

    pub fn graders(&self) -> &[Entry] {
        &self.graders
    }

    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// What the user should know: names that differ from file names, components that hide others.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.by_name.get(name).and_then(|index| self.graders.get(*index))
    }

    pub fn language(&self, name: &str) -> Option<&Language> {
        self.languages.iter().find(|language| language.answers_to(name))
    }

    fn add(&mut self, sandbox: &Sandbox, admitted: Admitted) {
        let (name, path) = match &admitted {
            Admitted::Grader(entry) => (&entry.name, &entry.path),
            Admitted::Language(language) => (&language.name, &language.path),
        };
        if path.file_stem().is_none_or(|stem| stem != name.as_str()) {
            self.notices.push(format!("`{}` is listed as `{name}`, the name that it gives itself", path.display()));
        }
        let earlier = match &admitted {
            Admitted::Grader(entry) => self.find(&entry.name).map(|other| &other.path),
            Admitted::Language(language) => {
                self.languages.iter().find(|other| other.name == language.name).map(|other| &other.path)
            }
        };
        if let Some(earlier) = earlier {
            self.notices.push(format!("`{}` is used; `{}` has the same name", earlier.display(), path.display()));
            return;
        }
        match admitted {
            Admitted::Grader(entry) => {
                self.by_name.insert(entry.name.clone(), self.graders.len());
                self.graders.push(*entry);
            }
            Admitted::Language(language) => {
                let names = std::iter::once(&language.name).chain(&language.aliases);
                let free = names.filter(|name| self.language(name).is_none());
                sandbox.select_by(language.component, free.map(|name| name.to_ascii_lowercase()).collect());
                self.languages.push(language);
            }
        }
    }
}

/// What a search has of a file.
enum Seen {
    /// From the index.
    Listed(Admitted),
    /// From its content.
    Looked(Box<Look>),
}

/// Looks at one component file as the catalog would; the reason, where it cannot be used.
pub async fn inspect(
    sandbox: &Sandbox,
    cache: &CompileCache,
    path: &Path,
    compiling: &(dyn Fn(&Path) + Sync),
) -> Result<Catalog, String> {
    let mut catalog = Catalog::default();
    let look = admit(sandbox, cache, path, &Turns::new(), compiling).await.map_err(|reason| clean(&reason))?;
    catalog.add(sandbox, look.admitted);
    Ok(catalog)
}

pub(super) fn wasm_files(directory: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    if directory.is_file() {
        return Ok(vec![directory.to_owned()]);
    }
    let failed = |source| CatalogError { path: directory.to_owned(), source };
    let mut paths = Vec::new();
    for folder in [directory.to_owned(), directory.join("runtimes")] {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder != directory => continue,
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    Ok(paths)
}
