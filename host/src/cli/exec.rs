//! `gradebox exec`: runs one untrusted program safely and says what it did.

mod report;
mod tagged;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::Value;

use super::{
    args::{Directories, MeteringArgs},
    components::{Components, component_directories},
    config::Config,
    console,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    quantity::{parse_bytes, parse_duration},
};
use crate::{
    dataset::nearest_names,
    sample::Columns,
    sandbox::{Action, Catalog, Ending, Execution, Language, ProgramLimits, ProgramRequest},
};

/// Run one untrusted program in a sandbox: no files, no network, no environment, limits on everything
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo 'print(1 + 1)' | gradebox exec -
  gradebox exec program.py --stdin input.txt --timeout 2s --memory 128MiB
  gradebox exec program.py --call add --args '[1, 2]' --json

Exit status: 0 the program completed, or exited with 0; 1 any other ending; 2 could not run.")]
pub(super) struct ExecArgs {
    /// The program; `-` is standard input
    pub(super) file: PathBuf,
    /// Its language [default: by the file's ending; python for a file without one]
    #[arg(long, value_name = "NAME")]
    pub(super) language: Option<String>,
    /// What the program reads from standard input [default: nothing]; `-` passes on our own
    #[arg(long, value_name = "FILE")]
    pub(super) stdin: Option<PathBuf>,
    /// Call this function of the program, and print its result
    #[arg(long, value_name = "FUNCTION")]
    pub(super) call: Option<String>,
    /// The call's arguments: a JSON list, or an object for arguments by name
    #[arg(long, value_name = "JSON", requires = "call", value_parser = parse_arguments)]
    pub(super) args: Option<CallArguments>,
    /// Processor time, such as 500ms or 5s
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// Memory, such as 256MiB; the language runtime's own included
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_bytes)]
    pub(super) memory: usize,
    #[command(flatten)]
    pub(super) metering: MeteringArgs,
    /// Print one JSON object that says what the program did
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// The arguments of `exec --call`, by place and by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CallArguments {
    pub(super) by_place: Vec<Value>,
    pub(super) by_name: Columns,
}

/// With less than this, the language runtime itself may be what does not fit; in bytes.
const RUNTIME_MEMORY: usize = 64 << 20;

/// Largest program, and largest input of one, in bytes: what a sandbox's memory could hold at all.
const LARGEST: u64 = 64 << 20;

pub(super) async fn exec(args: &ExecArgs, environment: &Environment) -> CommandResult {
    let request = ProgramRequest {
        language: String::new(),
        source: read_source(&args.file)?,
        action: action(args),
        stdin: read_stdin(args)?,
        limits: limits(args)?,
    };
    let directories = component_directories(&args.directories.graders, &Config::default(), environment)?;
    let components = Components::list(1, 1, args.metering.of(), &directories, environment).await?;
    let language = choose_language(args, &components.catalog)?;
    let request = ProgramRequest { language: language.name.clone(), ..request };
    let execution = components.sandbox.exec(language, request).await.map_err(|error| {
        let failure = Failure::from(error);
        if args.memory < RUNTIME_MEMORY {
            failure.hint("the language runtime alone needs some 40 MiB of --memory")
        } else {
            failure
        }
    })?;
    components.sandbox.close();
    if args.json {
        console::print(&report::json(&execution).to_string())?;
    } else {
        show(&execution, args.call.is_some())?;
    }
    Ok(status(&execution.ending))
}

/// One for whatever is neither an end nor an exit with zero.
fn status(ending: &Ending) -> Status {
    match ending {
        Ending::Completed | Ending::Exited(0) => Status::Done,
        _ => Status::Incomplete,
    }
}

fn show(execution: &Execution, is_call: bool) -> io::Result<()> {
    console::print_untrusted(&execution.stdout)?;
    console::say_untrusted(&execution.stderr);
    if let (true, Some(value)) = (is_call, &execution.value) {
        console::print(value)?;
    }
    if !execution.stderr.is_empty() && !execution.stderr.ends_with(b"\n") {
        console::say("");
    }
    if let Ending::Raised(raised) = &execution.ending
        && !raised.traceback.is_empty()
        && !String::from_utf8_lossy(&execution.stderr).contains(raised.traceback.trim())
    {
        console::say(&console::harmless(raised.traceback.trim_end()));
    }
    console::say(&report::line(execution));
    Ok(())
}

fn action(args: &ExecArgs) -> Action {
    let Some(target) = args.call.clone() else { return Action::Script };
    let given = args.args.clone().unwrap_or_default();
    Action::Call {
        target,
        args: given.by_place.iter().map(|value| tagged::tagged(value).to_string()).collect(),
        kwargs: given.by_name.iter().map(|(name, value)| (name.clone(), tagged::tagged(value).to_string())).collect(),
    }
}

fn limits(args: &ExecArgs) -> Result<ProgramLimits, Failure> {
    let wanted = ProgramLimits { cpu: args.timeout, memory: args.memory, ..ProgramLimits::default() };
    if wanted.capped() != wanted {
        let ceiling = ProgramLimits::CEILING;
        return Err(Failure::new(format!(
            "a program may use at most --timeout {}s and --memory {}MiB",
            ceiling.cpu.as_secs(),
            ceiling.memory >> 20
        )));
    }
    Ok(wanted)
}

fn read_source(file: &Path) -> Result<String, Failure> {
    let bytes = if file == Path::new("-") {
        read_own_stdin("the program")?
    } else {
        read_file(file, "the program")
            .map_err(|failure| failure.hint("give the path of a source file, or `-` for standard input"))?
    };
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to() + 1;
        Failure::new(format!("the program {} is not UTF-8 text: byte {place}", file.display())).hint("save it as UTF-8")
    })
}

fn read_stdin(args: &ExecArgs) -> Result<Vec<u8>, Failure> {
    match args.stdin.as_deref() {
        None => Ok(Vec::new()),
        Some(path) if path == Path::new("-") && args.file == Path::new("-") => {
            Err(Failure::new("standard input cannot be both the program and its input")
                .hint("name a file for one of them"))
        }
        Some(path) if path == Path::new("-") => read_own_stdin("the program's input"),
        Some(path) => read_file(path, "the program's input"),
    }
}

fn read_file(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    let place = format!("{what} {}", path.display());
    let file = File::open(path).map_err(|error| anyhow::Error::new(error).context(format!("cannot read {place}")))?;
    read_bounded(file, &place)
}

fn read_own_stdin(what: &str) -> Result<Vec<u8>, Failure> {
    read_bounded(io::stdin().lock(), &format!("{what} from standard input"))
}

/// Reads to the end, and no further than a sandbox could take.
fn read_bounded(from: impl Read, place: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| anyhow::Error::new(error).context(format!("cannot read {place}")))?;
    if LARGEST < bytes.len() as u64 {
        return Err(Failure::new(format!("{place} is larger than {} MiB, the most that is run", LARGEST >> 20)));
    }
    Ok(bytes)
}

/// The language that was named, else that of the file's ending; Python for a file without one.
fn choose_language<'a>(args: &ExecArgs, catalog: &'a Catalog) -> Result<&'a Language, Failure> {
    if let Some(name) = &args.language {
        return catalog.language(name).ok_or_else(|| no_language(&format!("for `{name}`"), name, catalog));
    }
    let Some(ending) = args.file.extension().map(|ending| ending.to_string_lossy().to_lowercase()) else {
        return catalog.language("python").ok_or_else(|| no_language("for `python`", "python", catalog));
    };
    let by_ending = catalog.languages().iter().find(|language| language.extensions.contains(&ending));
    by_ending.ok_or_else(|| no_language(&format!("for files that end in `.{ending}`"), &ending, catalog))
}

fn no_language(wanted: &str, name: &str, catalog: &Catalog) -> Failure {
    let names: Vec<&str> = catalog.languages().iter().map(|language| language.name.as_str()).collect();
    let failure = Failure::new(format!("no language runtime {wanted}"));
    if names.is_empty() {
        return failure.hint(
            "`make graders` builds those of Python and JavaScript into target/graders/runtimes; GRADEBOX_GRADERS or --graders names \
             another place",
        );
    }
    match nearest_names(name, names.iter().copied()).first() {
        Some(near) => failure.hint(format!("did you mean `{near}`? there are: {}", names.join(", "))),
        None => failure.hint(format!("--language names one of: {}", names.join(", "))),
    }
}

pub(super) fn parse_arguments(text: &str) -> Result<CallArguments, String> {
    match serde_json::from_str(text) {
        Ok(Value::Array(by_place)) => Ok(CallArguments { by_place, ..CallArguments::default() }),
        Ok(Value::Object(by_name)) => Ok(CallArguments { by_name, ..CallArguments::default() }),
        Ok(_) => Err("one argument is a list of one: write it like --args '[1]'".to_owned()),
        Err(error) => Err(format!("not JSON: {error}; write it like --args '[1, \"two\"]'")),
    }
}
