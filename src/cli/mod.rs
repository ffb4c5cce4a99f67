//! The commands.

mod db;
mod gc;
mod health;
mod hold;
mod logging;
mod output;
mod policy;
mod retention;
mod server;
mod shell;
#[cfg(test)]
mod tests;
mod ui;
mod verify;

use std::process::ExitCode;

use clap::builder::Resettable;
use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::is_set_to_nothing;

/// An MLflow-compatible tracking server and model registry in one binary
#[derive(Parser)]
#[command(name = "flowkeep", version = output::VERSION.as_str())]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Server(Box<server::ServerCommand>),
    /// Look at a database or make it ready, without running a server
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Write, test and apply lifecycle policies
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Show that model versions are still what was sealed
    #[command(subcommand)]
    Verify(verify::VerifyCommand),
    /// Say what is kept, why and until when
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Place and lift legal holds on model versions
    #[command(subcommand)]
    Hold(hold::HoldCommand),
    /// Remove for good what was deleted, except what is kept
    Gc(Box<gc::GcCommand>),
    /// Get MLflow's web UI, which the server then serves
    #[command(subcommand)]
    Ui(ui::UiCommand),
    /// Ask a server whether it is up. Ends with status 1 if it is not
    Health(health::HealthCommand),
    /// Print a script with which a shell completes commands and flags
    Completions(shell::CompletionsCommand),
    /// Print the manual page, or write those of all commands to a folder
    Man(shell::ManCommand),
    /// Print which version this is, and which version of MLflow it stands in for
    Version,
}

pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let log = logging::start();
    let outcome = match cli.command {
        Command::Server(command) => command.run(),
        Command::Db(command) => command.run(),
        Command::Policy(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Retention(command) => command.run(),
        Command::Hold(command) => command.run(),
        Command::Gc(command) => command.run(),
        Command::Ui(command) => command.run(),
        Command::Health(command) => command.run(),
        Command::Completions(asked) => asked.run(command()),
        Command::Man(asked) => asked.run(command()),
        Command::Version => output::print(&format!("flowkeep {}\n", *output::VERSION)),
    };
    drop(log);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All commands with their flags.
fn command() -> clap::Command {
    with_help(Cli::command())
}

/// Gives a command and those below it their help: `-h` too, but where that is `--host`, as it is for MLflow's server.
fn with_help(command: clap::Command) -> clap::Command {
    let mut help = Arg::new("help")
        .long("help")
        .action(ArgAction::Help)
        .help("Print help");
    let is_taken = |argument: &Arg| argument.get_short() == Some('h');
    if !command.get_arguments().any(is_taken) {
        help = help.short('h');
    }
    command
        .disable_help_flag(true)
        .arg(help)
        .mut_subcommands(with_help)
}

fn parse() -> Result<Cli, clap::Error> {
    let command = without_empty_variables(command());
    Cli::from_arg_matches(&command.try_get_matches()?)
}

/// A variable that is set to nothing counts as not set, as it does for MLflow.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| {
            let variable = argument.get_env();
            if variable.is_some_and(is_set_to_nothing) {
                argument.env(Resettable::Reset)
            } else {
                argument
            }
        })
        .mut_subcommands(without_empty_variables)
}
