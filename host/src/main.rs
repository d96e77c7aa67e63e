//! The `gradebox` binary: parse, run, exit code.

fn main() -> std::process::ExitCode {
    gradebox::cli::run()
}
