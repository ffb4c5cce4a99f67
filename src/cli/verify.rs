//! The command `flowkeep verify`: asks a server whether sealed artifacts are unchanged.

use std::fmt::Write;

use clap::Subcommand;

use super::output::{CommandResult, print};
use super::remote::RemoteFlags;
use crate::lifecycle::integrity::{Bytes, Integrity, State};

/// The subcommands of `flowkeep verify`.
#[derive(Subcommand)]
pub enum VerifyCommand {
    /// Read the artifacts of a model version again and compare them with its seal. Exits with
    /// status 1 unless all of them are unchanged
    Model {
        name: String,
        version: String,
        #[command(flatten)]
        server: RemoteFlags,
    },
}

impl VerifyCommand {
    /// Runs the command and prints a report. Fails unless all artifacts match the seal.
    pub fn run(self) -> CommandResult {
        let Self::Model {
            name,
            version,
            server,
        } = self;
        let path = ["model-versions", &name, &version, "integrity"];
        let integrity: Integrity = server.connect()?.look_up(&path)?;
        print(&report(&integrity))?;
        match (integrity.intact, integrity.state) {
            (Some(true), _) => Ok(()),
            (Some(false), _) => Err("the version is not what was sealed.".into()),
            (None, State::Sealed) => Err(
                "the version could not be verified: not all of its artifacts can be read.".into(),
            ),
            (None, State::Unsealed | State::NotSealed) => {
                Err("the version could not be verified: it has no seal.".into())
            }
        }
    }
}

/// Formats the report.
fn report(integrity: &Integrity) -> String {
    let Integrity {
        model,
        version,
        location,
        files,
        bytes,
        ..
    } = integrity;
    let what = format!("Version {version} of model '{model}'");
    let reason = integrity.reason.as_deref().unwrap_or("it is not known why");
    match integrity.state {
        State::NotSealed => return format!("{what} is not sealed: it has passed no gate.\n"),
        State::Unsealed => return format!("{what} is unsealed: {reason}\n"),
        State::Sealed => {}
    }
    let digest = integrity.digest.as_deref().unwrap_or_default();
    let mut text = format!("{what}, sealed with digest {digest}\n");
    if let Some(reason) = &integrity.reason {
        push_line(
            &mut text,
            &format!("{location} could not be read: {reason}"),
        );
        return text;
    }
    push_line(
        &mut text,
        &format!("read {files} files, {bytes} bytes at {location}"),
    );
    if let Some(sealed) = &integrity.sealed_location {
        push_line(&mut text, &format!("it was sealed at {sealed}"));
    }
    for file in &integrity.differing {
        let (found, sealed) = (short_digest(&file.found), short_digest(&file.sealed));
        push_line(
            &mut text,
            &format!("differs: {} ({found}; sealed: {sealed})", file.path),
        );
    }
    for file in &integrity.missing {
        push_line(&mut text, &format!("missing: {}", file.path));
    }
    for file in &integrity.added {
        push_line(&mut text, &format!("new: {}", file.path));
    }
    for file in &integrity.unread {
        let (path, reason) = (&file.path, &file.reason);
        push_line(&mut text, &format!("not readable: {path} ({reason})"));
    }
    if integrity.intact == Some(true) {
        push_line(&mut text, "all of it is what was sealed");
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// Formats the size and the digest of a file, shortened.
fn short_digest(bytes: &Bytes) -> String {
    let digest = bytes.sha256.get(..12).unwrap_or(&bytes.sha256);
    format!("{} bytes, SHA-256 {digest}…", bytes.size)
}
