//! A component of a project: the language's own compiler, then, where that leaves a core module, the componentizer.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    BuildError, ScaffoldError, SourceLanguage, Toolchains,
    componentize::{AdapterMemory, World},
    scaffold, sources,
    toolchain::{command, run},
};

/// Where Rust comes from, and its target for components.
const INSTALL_RUST: &str = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
const RUST_TARGET: &str = "wasm32-wasip2";

/// Builds the project in a folder; the bytes of the component.
pub fn build(project: &Path, toolchains: &Toolchains<'_>) -> Result<Vec<u8>, BuildError> {
    let language = SourceLanguage::of(project)?;
    let project = fs::canonicalize(project).map_err(BuildError::io(project))?;
    if language == SourceLanguage::Rust {
        return cargo(&project);
    }
    let scratch = TempDir::new().map_err(BuildError::io(&std::env::temp_dir()))?;
    let build = Build { wit: wit(&project, scratch.path())?, project, scratch, toolchains };
    match language {
        SourceLanguage::Rust => cargo(&build.project),
        SourceLanguage::Python => build.python(),
        SourceLanguage::JavaScript | SourceLanguage::TypeScript => build.javascript(language.main_file()),
        SourceLanguage::C => build.c(),
        SourceLanguage::Zig => build.zig(),
        SourceLanguage::Go => build.go(),
    }
}

struct Build<'a> {
    project: PathBuf,
    wit: PathBuf,
    scratch: TempDir,
    toolchains: &'a Toolchains<'a>,
}

impl Build<'_> {
    fn python(&self) -> Result<Vec<u8>, BuildError> {
        let world = World::read(&self.wit).map_err(BuildError::Component)?;
        let (made, sdk) = (self.place("component.wasm"), self.place("sdk"));
        scaffold::write_all(&sdk, "", sources::PYTHON_SDK).map_err(written)?;
        let mut componentize = command(&self.toolchains.componentize_py()?);
        componentize.arg("--quiet").arg("-d").arg(&self.wit).args(["-w", world.name(), "componentize", "-p"]);
        componentize.arg(&self.project);
        if let Some(packages) = self.python_packages()? {
            componentize.arg("-p").arg(packages);
        }
        // The SDK that was built in comes last: that of the project is used where it has one.
        componentize.arg("-p").arg(sdk).args(["grader", "-o"]).arg(&made);
        run(componentize, "componentize-py", None)?;
        read(&made)
    }

    /// The packages that the project's `requirements.txt` names, pure Python all of them.
    fn python_packages(&self) -> Result<Option<PathBuf>, BuildError> {
        let requirements = self.project.join("requirements.txt");
        if !requirements.is_file() {
            return Ok(None);
        }
        let packages = self.place("packages");
        let mut pip = command(&self.toolchains.python()?);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--target"]);
        pip.arg(&packages).args(["--only-binary", ":all:", "--platform", "any", "--implementation", "py"]);
        pip.args(["--abi", "none", "-r"]).arg(requirements);
        run(pip, "pip install -r requirements.txt", Some("only packages of pure Python can be part of a component"))?;
        Ok(Some(packages))
    }

    fn javascript(&self, main: &str) -> Result<Vec<u8>, BuildError> {
        let world = World::read(&self.wit).map_err(BuildError::Component)?;
        let programs = self.toolchains.javascript()?;
        let (bundle, made) = (self.place("bundle.js"), self.place("component.wasm"));
        let mut esbuild = command(&programs.join("esbuild"));
        esbuild.current_dir(&self.project).arg(main).args([
            "--bundle",
            "--format=esm",
            "--platform=neutral",
            "--main-fields=module,main",
            "--external:gradebox:*",
            "--log-level=warning",
        ]);
        esbuild.arg(format!("--outfile={}", bundle.display()));
        run(
            esbuild,
            "esbuild",
            Some("packages that the grader imports are installed with `npm install` in its folder"),
        )?;
        let mut componentize = command(&programs.join("componentize-qjs"));
        componentize.arg("--wit").arg(&self.wit).args(["-n", world.name(), "--stub-wasi", "--sync", "--js"]);
        componentize.arg(&bundle).arg("-o").arg(&made);
        run(componentize, "componentize-qjs", None)?;
        read(&made)
    }

    fn c(&self) -> Result<Vec<u8>, BuildError> {
        let mut zig = self.toolchains.zig()?;
        zig.current_dir(&self.project).args(["cc", "-target", "wasm32-wasi", "-mexec-model=reactor", "-Os", "-s"]);
        zig.args(["-Wall", "-o"]).arg(self.place("module.wasm")).args(files_ending(&self.project, "c")?);
        self.componentize(zig, "zig cc", AdapterMemory::Allocated)
    }

    fn zig(&self) -> Result<Vec<u8>, BuildError> {
        let mut zig = self.toolchains.zig()?;
        zig.current_dir(&self.project).args(["build-exe", "grader.zig", "-target", "wasm32-freestanding"]);
        zig.args(["-O", "ReleaseSmall", "-fno-entry", "-rdynamic", "-fstrip"]);
        zig.arg(format!("-femit-bin={}", self.place("module.wasm").display()));
        self.componentize(zig, "zig build-exe", AdapterMemory::Allocated)
    }

    fn go(&self) -> Result<Vec<u8>, BuildError> {
        let mut go = self.toolchains.go()?;
        go.current_dir(&self.project).env("GOOS", "wasip1").env("GOARCH", "wasm");
        go.args(["build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o"]);
        go.arg(self.place("module.wasm")).arg(".");
        self.componentize(go, "go build", AdapterMemory::Grown)
    }

    /// Runs a compiler that leaves `module.wasm`, and makes a component of that.
    fn componentize(&self, compiler: Command, what: &str, memory: AdapterMemory) -> Result<Vec<u8>, BuildError> {
        let world = World::read(&self.wit).map_err(BuildError::Component)?;
        run(compiler, what, None)?;
        world.componentize(read(&self.place("module.wasm"))?, memory).map_err(BuildError::Component)
    }

    fn place(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }
}

/// The contract of a project: its own folder `wit`, else the one that was built in.
fn wit(project: &Path, scratch: &Path) -> Result<PathBuf, BuildError> {
    let own = project.join("wit");
    if own.is_dir() {
        return Ok(own);
    }
    scaffold::write_world(scratch).map_err(written)?;
    Ok(scratch.join("wit"))
}

/// Cargo says what it does as it does it: it may take a while.
fn cargo(project: &Path) -> Result<Vec<u8>, BuildError> {
    let library = Command::new("rustc").args(["--print", "target-libdir", "--target", RUST_TARGET]).output();
    let library = library.map_err(|_| BuildError::Missing { what: "Rust", install: INSTALL_RUST })?;
    if !Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return Err(BuildError::Missing {
            what: "Rust's target for components, wasm32-wasip2,",
            install: "rustup target add wasm32-wasip2",
        });
    }
    let mut cargo = command(Path::new("cargo"));
    cargo.current_dir(project).args(["build", "--release", "--target", RUST_TARGET]);
    cargo.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = cargo.output().map_err(|_| BuildError::Missing { what: "Cargo", install: INSTALL_RUST })?;
    if !output.status.success() {
        let (what, said) = ("cargo build".to_owned(), "its messages stand above".to_owned());
        return Err(BuildError::Failed { what, status: output.status, said, hint: None });
    }
    let manifest = project.join("Cargo.toml");
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let made = messages.lines().filter_map(|line| component_of(line, &manifest)).next_back();
    read(&made.ok_or_else(|| {
        BuildError::Project(format!(
            "{} makes no component: give it `[lib] crate-type = [\"cdylib\"]`",
            manifest.display()
        ))
    })?)
}

/// The component that a message of Cargo says was made of a manifest.
fn component_of(message: &str, manifest: &Path) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    if message.get("manifest_path")?.as_str().map(Path::new) != Some(manifest) {
        return None;
    }
    let files = message.get("filenames")?.as_array()?;
    files
        .iter()
        .filter_map(Value::as_str)
        .find(|file| Path::new(file).extension() == Some("wasm".as_ref()))
        .map(PathBuf::from)
}

/// The names of a folder's files with an ending, in order.
fn files_ending(folder: &Path, ending: &str) -> Result<Vec<String>, BuildError> {
    let entries = fs::read_dir(folder).map_err(BuildError::io(folder))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| Path::new(name).extension() == Some(ending.as_ref())).collect();
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(BuildError::io(path))
}

/// What went wrong with a file of our own in the scratch folder.
fn written(error: ScaffoldError) -> BuildError {
    match error {
        ScaffoldError::Io { path, source } => BuildError::Io { path, source },
        other => BuildError::Project(other.to_string()),
    }
}
