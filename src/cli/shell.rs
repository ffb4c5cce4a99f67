//! `flowkeep completions` and `flowkeep man`: what a shell and its manual know of the commands.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::output::{Outcome, print};

#[derive(Args)]
pub struct CompletionsCommand {
    /// The shell
    shell: Shell,
}

impl CompletionsCommand {
    /// Prints the script for all commands.
    pub fn run(self, mut commands: Command) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut commands, "flowkeep", &mut script);
        print(&String::from_utf8(script)?)
    }
}

#[derive(Args)]
pub struct ManCommand {
    /// The folder, such as ~/.local/share/man/man1. Unless it is given: the page of flowkeep itself is printed
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl ManCommand {
    /// Prints or writes the pages of all commands.
    pub fn run(self, commands: Command) -> Outcome {
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
