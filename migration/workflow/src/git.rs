//! What git knows of the sources.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};

/// A revision, which is no option.
///
/// # Errors
/// When it is one.
pub(crate) fn revision(text: &str) -> anyhow::Result<&str> {
    ensure!(!text.starts_with('-'), "{text} is no revision of git");
    Ok(text)
}

/// What git prints, run in this folder.
///
/// # Errors
/// When git is not there, or fails: the message is its own.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder).args(arguments);
    let done = git.output().context("cannot run git")?;
    let said = String::from_utf8_lossy(&done.stderr);
    let command = arguments.first().unwrap_or(&"");
    ensure!(done.status.success(), "git {command}: {}", said.trim());
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
