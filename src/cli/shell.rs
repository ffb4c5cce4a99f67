//! The commands `flowkeep completions` and `flowkeep man`, which generate completions and manual
//! pages.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::{CommandResult, print};

/// The flags of `flowkeep completions`.
#[derive(Args)]
pub struct CompletionsCommand {
    /// The shell
    shell: Shell,
}

impl CompletionsCommand {
    /// Prints the completion script for all commands.
    pub fn run(self, mut commands: Command) -> CommandResult {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut commands, "flowkeep", &mut script);
        print(&String::from_utf8(script)?)
    }
}

/// The flags of `flowkeep man`.
#[derive(Args)]
pub struct ManCommand {
    /// The directory, such as ~/.local/share/man/man1 (default: print the page of `flowkeep`
    /// itself)
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl ManCommand {
    /// Prints the page of `flowkeep`, or writes the pages of all commands. Fails if a page cannot
    /// be written.
    pub fn run(self, commands: Command) -> CommandResult {
        let Some(folder) = self.folder else {
            let mut page = Vec::new();
            clap_mangen::Man::new(commands).render(&mut page)?;
            return print(&String::from_utf8(page)?);
        };
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| clap_mangen::generate_to(commands, &folder));
        written
            .map_err(|error| format!("{} cannot be written to: {error}", folder.display()).into())
    }
}
