//! `gradebox doctor`: what works here, what does not, and what to do.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use super::{
    args::Directories,
    assemble::endpoints,
    components::{self, component_directories, say_compiling},
    config_file::ConfigFile,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    plan::{self, ModelPlan},
    reach::{Reach, reach},
    table,
};
use crate::{
    llm::Endpoint,
    model::{ChatModel, ModelError, Request},
    sample::Message,
    sandbox::{Action, Catalog, Ending, Language, Metering, ProgramLimits, ProgramRequest, Refused, Sandbox},
};

/// What works here, what does not, and what to do
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  OPENAI_BASE_URL=http://127.0.0.1:8080/v1 gradebox doctor")]
pub(super) struct DoctorArgs {
    /// The configuration file whose models are tried [default: gradebox.toml in the current directory]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The endpoint to try [default: `OPENAI_BASE_URL`]
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// The model to ask for one word
    #[arg(long, value_name = "NAME")]
    pub(super) model: Option<String>,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// How long an endpoint may take to let us in or to say a word.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn doctor(args: &DoctorArgs, environment: &Environment) -> CommandResult {
    let mut report = Report::default();
    report.line(Finding::Ok, "gradebox", &format!("{} on {}", env!("CARGO_PKG_VERSION"), kernel()));
    check_sandbox(args, environment, &mut report).await;
    check_models(args, environment, &mut report).await;
    if report.problems == 0 {
        console::print("everything that was tried works")?;
        return Ok(Status::Done);
    }
    console::print(&table::count(report.problems, "problem"))?;
    Ok(Status::Incomplete)
}

#[derive(Clone, Copy)]
enum Finding {
    Ok,
    Problem,
    /// Not set up, which may be as it should.
    Absent,
}

/// Prints findings as they come.
#[derive(Default)]
struct Report {
    problems: u64,
}

impl Report {
    fn line(&mut self, finding: Finding, what: &str, text: &str) {
        let mark = match finding {
            Finding::Ok => "ok",
            Finding::Problem => {
                self.problems += 1;
                "problem"
            }
            Finding::Absent => "-",
        };
        // A reader that left has heard enough.
        let _ = console::print(&format!("{mark:8} {what:12} {text}"));
    }

    fn failure(&mut self, what: &str, failure: &Failure) {
        let text = failure.to_string().replace('\n', "; ");
        self.line(Finding::Problem, what, text.strip_prefix("error: ").unwrap_or(&text));
    }
}

async fn check_sandbox(args: &DoctorArgs, environment: &Environment, report: &mut Report) {
    let cache_directory = components::cache_directory(environment);
    let (sandbox, cache) = match components::start(1, Metering::Time, environment) {
        Ok(started) => started,
        Err(failure) => return report.failure("engine", &failure),
    };
    report.line(Finding::Ok, "cache", &format!("{} ({})", cache_directory.display(), size_of(&cache_directory)));
    match sandbox.try_what_is_refused(&cache).await {
        Ok(refused) => check_lockdown(refused, report),
        Err(problem) => report.line(Finding::Problem, "lockdown", problem.trim()),
    }
    let directories = ConfigFile::load(args.config.as_deref())
        .and_then(|file| component_directories(&args.directories.graders, &file.config, environment));
    let directories = match directories {
        Ok(directories) => directories,
        Err(failure) => return report.failure("graders", &failure),
    };
    match Catalog::open(&sandbox, &cache, &directories, &say_compiling).await {
        Ok(catalog) => {
            check_components(&catalog, &directories, report);
            check_languages(&catalog, &sandbox, report).await;
        }
        Err(error) => report.failure("graders", &error.into()),
    }
    sandbox.close();
}

/// What holds a worker behind the WebAssembly sandbox. Where something is missing, that still holds.
fn check_lockdown(refused: Refused, report: &mut Report) {
    let rights = [
        (refused.reading, "read other files than compiled components"),
        (refused.writing, "write files"),
        (refused.sockets, "open sockets"),
        (refused.processes, "start processes"),
        (refused.others, "make calls of the system that it has no use for"),
    ];
    let listed = |is_refused: bool| -> Vec<&str> {
        rights.iter().filter(|(refused, _)| *refused == is_refused).map(|(_, right)| *right).collect()
    };
    let left = listed(false);
    if left.is_empty() {
        report.line(Finding::Ok, "lockdown", &format!("the kernel lets no worker {}", listed(true).join(", ")));
    } else {
        let text = format!(
            "the kernel would let a worker {}; WebAssembly alone holds it back; Linux 5.13 with Landlock refuses all",
            left.join(", ")
        );
        report.line(Finding::Absent, "lockdown", &text);
    }
}

fn check_components(catalog: &Catalog, directories: &[std::path::PathBuf], report: &mut Report) {
    for rejected in catalog.rejected() {
        report.line(Finding::Problem, "graders", &format!("`{}` {}", rejected.path.display(), rejected.reason));
    }
    let names: Vec<&str> = catalog.graders().iter().map(|entry| entry.name.as_str()).collect();
    let places: Vec<String> = directories.iter().map(|directory| directory.display().to_string()).collect();
    if names.is_empty() {
        let places = if places.is_empty() {
            "no directory of components found".to_owned()
        } else {
            format!("none in {}", places.join(", "))
        };
        report.line(
            Finding::Problem,
            "graders",
            &format!("{places}; `make graders` builds the built-in ones, --graders DIR names others"),
        );
    } else {
        report.line(Finding::Ok, "graders", &format!("{} in {}", names.join(", "), places.join(", ")));
    }
}

async fn check_languages(catalog: &Catalog, sandbox: &Sandbox, report: &mut Report) {
    if catalog.language("python").is_none() {
        report.line(
            Finding::Problem,
            "python",
            "no language runtime; `make graders` builds it into target/graders/runtimes; without it no program can be run",
        );
    }
    for language in catalog.languages() {
        match run_nothing(language, sandbox).await {
            Ok(took) => report.line(
                Finding::Ok,
                &language.name,
                &format!("{} runs an empty program in {took}", language.version),
            ),
            Err(problem) => report.line(Finding::Problem, &language.name, &problem),
        }
    }
}

/// Runs an empty program; how long that took, else what is wrong.
async fn run_nothing(language: &Language, sandbox: &Sandbox) -> Result<String, String> {
    let request = ProgramRequest {
        language: language.name.clone(),
        source: String::new(),
        action: Action::Script,
        stdin: Vec::new(),
        limits: ProgramLimits::default(),
    };
    let execution = sandbox.exec(language, request).await.map_err(|error| error.to_string())?;
    match execution.ending {
        Ending::Completed => Ok(format!("{:.1} ms", execution.wall.as_secs_f64() * 1e3)),
        other => Err(format!("an empty program ended: {}; build the runtime again", other.name())),
    }
}

async fn check_models(args: &DoctorArgs, environment: &Environment, report: &mut Report) {
    let file = match ConfigFile::load(args.config.as_deref()) {
        Ok(file) => file,
        Err(failure) => return report.failure("config", &failure),
    };
    if let Some(path) = &file.path {
        report.line(Finding::Ok, "config", &path.display().to_string());
    }
    let (models, failures) =
        plan::all_models(args.model.as_deref(), args.base_url.as_deref(), &file.config, environment);
    for failure in &failures {
        report.failure("model", failure);
    }
    for (name, model) in &models {
        check_model(name, model, environment, report).await;
    }
    if models.is_empty() && failures.is_empty() {
        match args.base_url.as_deref().or_else(|| environment.variable("OPENAI_BASE_URL")) {
            Some(url) => check_address(url, report),
            None => report.line(
                Finding::Absent,
                "model",
                "none is set up; judges and `refine` need one: --model NAME --base-url URL, or [models.NAME] in gradebox.toml",
            ),
        }
    }
}

async fn check_model(name: &str, plan: &ModelPlan, environment: &Environment, report: &mut Report) {
    let endpoints = match endpoints(name, plan, environment) {
        Ok(endpoints) => endpoints,
        Err(failure) => return report.failure("model", &failure),
    };
    for (endpoint, _) in endpoints {
        check_endpoint(name, endpoint, report).await;
    }
}

async fn check_endpoint(name: &str, mut endpoint: Endpoint, report: &mut Report) {
    let place = format!("`{name}` at {}", plan::shown(&endpoint.base_url));
    endpoint.max_retries = 0;
    endpoint.timeout = PATIENCE;
    let model = match endpoint.connect() {
        Ok(model) => model,
        Err(error) => return report.failure("model", &error.into()),
    };
    let request = Request { messages: vec![Message::user("Say ok.")], max_tokens: Some(16), ..Request::default() };
    match model.complete(&request).await.0 {
        Ok(_) | Err(ModelError::Empty(_)) => report.line(Finding::Ok, "model", &format!("{place} answers")),
        Err(error) => report.line(Finding::Problem, "model", &format!("{place}: {error}")),
    }
}

/// Whether somebody listens where the endpoint shall be; without a model there is nothing to ask.
fn check_address(url: &str, report: &mut Report) {
    match reach(url) {
        Reach::Open => {
            let text = format!("{url} is reachable; --model NAME asks a model of it for a word");
            report.line(Finding::Ok, "endpoint", &text);
        }
        Reach::Closed => {
            let text = format!("nobody listens at {url}; is the server running?");
            report.line(Finding::Problem, "endpoint", &text);
        }
        Reach::NoAddress => {
            let text = format!("{url} is no address; write it like http://127.0.0.1:8080/v1");
            report.line(Finding::Problem, "endpoint", &text);
        }
    }
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{} {} {}", std::env::consts::OS, release.trim(), std::env::consts::ARCH)
}

fn size_of(directory: &Path) -> String {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let bytes: u64 = entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
    format!("{} MiB", bytes >> 20)
}
