//! The command line: a file for each command.
//!
//! Commands use `config` for their flags, and `server`, `store` and `lifecycle` for their work.

mod db;
mod gc;
mod health;
mod hold;
mod logging;
mod output;
mod policy;
mod remote;
mod retention;
mod server;
mod shell;
#[cfg(test)]
mod tests;
mod ui;
mod user;
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
    /// Check a database or prepare it, without a server
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Write, test and apply lifecycle policies
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Verify that the artifacts of model versions are unchanged since their seal
    #[command(subcommand)]
    Verify(verify::VerifyCommand),
    /// Report which versions are kept, why and until when
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Place and lift legal holds on model versions
    #[command(subcommand)]
    Hold(hold::HoldCommand),
    /// Permanently delete what was marked as deleted, except what is kept
    Gc(Box<gc::GcCommand>),
    /// Add users and their tokens to the database of logins, without a server
    #[command(subcommand)]
    User(user::UserCommand),
    /// Install MLflow's web UI, which the server then serves
    #[command(subcommand)]
    Ui(ui::UiCommand),
    /// Check that a server is up. Exits with status 1 if it is not
    Health(health::HealthCommand),
    /// Print a completion script for a shell
    Completions(shell::CompletionsCommand),
    /// Print the manual page, or write those of all commands to a directory
    Man(shell::ManCommand),
    /// Print the version of flowkeep, and the MLflow version that it reports
    Version,
}

/// Parses the command line and runs the command. Prints an error to stderr and returns status 1 if
/// it fails.
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
        Command::User(command) => command.run(),
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

/// Returns the definition of all commands with their flags.
fn command() -> clap::Command {
    with_help(Cli::command())
}

/// Adds a help flag to a command and its subcommands.
///
/// It has the short form `-h`, unless that stands for `--host`, as in `mlflow server`.
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

/// Parses the command line.
fn parse() -> Result<Cli, clap::Error> {
    let command = without_empty_variables(command());
    Cli::from_arg_matches(&command.try_get_matches()?)
}

/// Ignores environment variables that are set to an empty text, as MLflow does.
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
