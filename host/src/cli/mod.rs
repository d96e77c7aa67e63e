//! The command line: the only folder that reads arguments, environment and configuration, and that prints.
//!
//! `args` is what the user said, `plan` what it means, `assemble` makes the adapters that the plan names, and each
//! subcommand has its own file.

mod args;
mod assemble;
mod build;
mod cache;
mod check;
mod components;
mod config;
mod config_file;
mod console;
mod doctor;
mod dry_run;
mod environment;
mod exec;
mod export;
mod failure;
mod forewarn;
mod grade;
mod graded_rows;
mod graders;
mod interrupt;
mod judges;
mod merge;
mod new;
mod packages;
mod plan;
mod progress;
mod quantity;
mod reach;
mod record;
mod refine;
mod regrade;
mod report;
mod setup;
mod table;
mod verify;
mod watch;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Parser;

use self::{
    args::{Command, CommandLine},
    config::Config,
    environment::Environment,
    failure::{CommandResult, Status},
    plan::Places,
};
use crate::{dataset::silence_guarded_panics, sandbox::worker};

/// Runs the command line; what it gives back is the exit status of the process.
pub fn run() -> ExitCode {
    // A worker gives up its rights and must not have started anything before.
    if std::env::args_os().nth(1).is_some_and(|command| command == worker::SUBCOMMAND) {
        let arguments: Vec<OsString> = std::env::args_os().skip(2).collect();
        return worker::run(&arguments);
    }
    silence_guarded_panics();
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match start(&line) {
        Ok(status) => status.into(),
        Err(failure) => {
            if !failure.is_broken_pipe() {
                console::say(&failure.to_string());
            }
            failure.exit_code()
        }
    }
}

fn start(line: &CommandLine) -> CommandResult {
    let environment = Environment::read(line.verbose);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(dispatch(line, &environment));
    // What is still under way, such as reading a dataset ahead, is of no interest any more.
    runtime.shutdown_background();
    result
}

async fn dispatch(line: &CommandLine, environment: &Environment) -> CommandResult {
    if let (true, Some(directories)) = (line.print_config, line.command.directories()) {
        return print_places(&directories.graders, environment);
    }
    match &line.command {
        Command::Grade(args) if args.watch => watch::watch(args, environment).await,
        Command::Grade(args) => grade::grade(args, line.print_config, environment).await,
        Command::Refine(args) => refine::refine(args, line.print_config, environment).await,
        Command::Regrade(args) => regrade::regrade(args, line.print_config, environment).await,
        Command::Exec(args) => exec::exec(args, environment).await,
        Command::Export(args) => export::export(args),
        Command::Import(args) => export::import(args),
        Command::Merge(args) => merge::merge(args),
        Command::Report(args) => report::report(args),
        Command::Verify(args) => verify::verify(args, environment).await,
        Command::New(args) => new::new(args),
        Command::Build(args) => build::build(args, environment).await,
        Command::Cache(args) => cache::cache(args, environment),
        Command::Lock(args) => packages::lock(args, environment).await,
        Command::Push(args) => packages::push(args, environment).await,
        Command::Check(args) => check::check(args, environment).await,
        Command::Graders(args) => graders::graders(args, environment).await,
        Command::Doctor(args) => doctor::doctor(args, environment).await,
        Command::ConfigSchema => {
            console::print(&format!("{:#}", config::schema()))?;
            Ok(Status::Done)
        }
        Command::Worker => Ok(worker_was_not_first()),
    }
}

/// The configuration of commands that know no more than where components are.
fn print_places(named: &[PathBuf], environment: &Environment) -> CommandResult {
    let directories = components::component_directories(named, &Config::default(), environment)?;
    let places = Places { directories, cache: components::cache_directory(environment) };
    console::print(places.render().trim_end())?;
    Ok(Status::Done)
}

/// `worker` after other words: nothing that a person would type.
fn worker_was_not_first() -> Status {
    console::say("`worker` is started by gradebox itself");
    Status::Incomplete
}
