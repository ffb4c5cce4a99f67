//! Tests of the command line: its definition, and the commands in the documentation.

use std::fs;
use std::path::Path;

use clap::error::ErrorKind;

use super::command;

/// Parses a command line without running it.
fn parsed(words: &[&str]) -> Result<(), ErrorKind> {
    let parsed = command().try_get_matches_from(words);
    parsed.map(|_| ()).map_err(|error| error.kind())
}

#[test]
fn clap_accepts_the_definition_of_the_commands() {
    command().debug_assert();
}

#[test]
fn every_command_has_a_short_help_flag_unless_h_is_the_host() {
    fn check(command: &clap::Command, path: &[&str]) {
        let path = [path, &[command.get_name()]].concat();
        for help in ["-h", "--help"] {
            if (&path[..], help) == (&["flowkeep", "server"], "-h") {
                continue;
            }
            let words = [&path, &[help][..]].concat();
            assert_eq!(parsed(&words), Err(ErrorKind::DisplayHelp), "{words:?}");
        }
        for below in command.get_subcommands() {
            check(below, &path);
        }
    }
    check(&command(), &[]);
    assert_eq!(parsed(&["flowkeep", "server", "-h", "0.0.0.0"]), Ok(()));
}

#[test]
fn the_version_can_be_asked_for_in_three_ways() {
    assert_eq!(parsed(&["flowkeep", "version"]), Ok(()));
    for flag in ["-V", "--version"] {
        assert_eq!(
            parsed(&["flowkeep", flag]),
            Err(ErrorKind::DisplayVersion),
            "{flag}"
        );
    }
    assert_eq!(
        command().render_version(),
        format!("flowkeep {}\n", *super::output::VERSION)
    );
}

#[test]
fn each_command_has_a_manual_page() {
    fn pages(command: &clap::Command, above: &str) -> Vec<String> {
        let name = format!("{above}{}", command.get_name());
        let below = command
            .get_subcommands()
            .flat_map(|below| pages(below, &format!("{name}-")));
        std::iter::once(format!("{name}.1"))
            .chain(below.collect::<Vec<_>>())
            .collect()
    }
    let folder = tempfile::tempdir().unwrap();
    clap_mangen::generate_to(command(), folder.path()).unwrap();
    for page in pages(&command(), "") {
        let text = fs::read_to_string(folder.path().join(&page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
}

/// Checks that clap accepts every `flowkeep …` command in the documentation. Commands in code
/// blocks must be complete; commands within a sentence can lack arguments.
#[test]
fn the_documents_print_commands_that_exist() {
    let mut lines = 0;
    let mut mentions = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let place = document.display();
        for line in text.replace("\\\n", " ").lines() {
            let Some(line) = line.strip_prefix("    flowkeep ") else {
                continue;
            };
            let words = words(&format!("flowkeep {line}"));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(parsed(&words), Ok(()), "{place}: {line}");
            lines += 1;
        }
        for mention in text.split('`').skip(1).step_by(2) {
            let words: Vec<&str> = mention.split_whitespace().collect();
            // In a table, a bar separates alternatives. "flowkeep keeps" in the text of a trigger
            // is not a command.
            if words.first() != Some(&"flowkeep") || words.len() < 2 || words[1] == "keeps" {
                continue;
            }
            let words: Vec<&str> = words
                .iter()
                .map(|word| word.trim_matches(['[', ']']))
                .map(|word| word.split("\\|").next().unwrap_or_default())
                .collect();
            let problem = parsed(&words).err();
            assert!(
                !matches!(
                    problem,
                    Some(ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand)
                ),
                "{place}: {mention}"
            );
            mentions += 1;
        }
    }
    assert!(lines >= 8 && mentions >= 30, "{lines} {mentions}");
}

fn documents() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = |name: &str| root.join(name);
    let pages = fs::read_dir(root.join("docs")).unwrap();
    pages
        .map(|page| page.unwrap().path())
        .filter(|page| page.extension().is_some_and(|extension| extension == "md"))
        .chain(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(named))
        .collect()
}

/// Splits a command line into words. Quotes keep words together; two spaces and `#` start a
/// comment.
fn words(line: &str) -> Vec<String> {
    let line = line.split("  #").next().unwrap_or_default();
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
