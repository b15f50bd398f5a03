//! `garboard import`: users from elsewhere, with their passwords.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use anyhow::Context;
use clap::Subcommand;
use service::import::{self, Different, ImportError, Report, Skipped, Tally};

use super::{connect, fit, refuse_pending};
use crate::config::{Config, address::DatabaseUrl};

/// The end of `garboard import --help`.
pub const EXAMPLES: &str = "Examples:
  garboard import better-auth postgres://reader:secret@db.example.com/app --dry-run
  garboard import better-auth sqlite://../app/auth.db
  garboard import better-auth sqlite://../app/auth.db --json | jq '.users.skipped'

Run it as often as you like: what is here already is left as it is. The server may be running.";

/// The rows of each kind that are told of; `--json` has them all.
const SHOWN: usize = 20;

/// Where users may come from.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// From a database of Better Auth 1.4 to 1.7, on PostgreSQL or SQLite, which is only read.
    ///
    /// Brings in users, their passwords, their accounts elsewhere, organizations and members. Users sign in as before,
    /// with their old passwords; their sessions stay behind.
    BetterAuth {
        /// The other database: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST[:PORT]/NAME`.
        url: DatabaseUrl,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
        /// For programs: all that was found, and why it was not brought in.
        #[arg(long)]
        json: bool,
    },
}

/// Does it, and reports.
///
/// # Errors
/// When a database cannot be reached, and when the other one is none of Better Auth.
pub async fn run(config: &Config, command: ImportCommand) -> anyhow::Result<()> {
    let ImportCommand::BetterAuth { url, dry_run, json } = command;
    refuse_pending(config).await?;
    let database = connect(config).await?;
    let report = match import::better_auth(&database, url.reveal(), dry_run).await {
        Err(error @ (ImportError::Foreign(_) | ImportError::NoTable(_))) => {
            return Err(error).with_context(|| format!("nothing can be brought in from {url}"));
        }
        report => report.context("run the command again to go on from here")?,
    };
    let text =
        if json { serde_json::to_string_pretty(&report)? } else { describe(&report, dry_run) };
    writeln!(io::stdout().lock(), "{}", text.trim_end())?;
    Ok(())
}

fn describe(report: &Report, dry_run: bool) -> String {
    let tables = [
        ("users", &report.users),
        ("accounts", &report.accounts),
        ("organizations", &report.organizations),
        ("members", &report.members),
    ];
    let mut text = format!(
        "{:14}{:>9}{:>10}{:>14}{:>11}{:>9}\n",
        "", "found", "imported", "already here", "different", "skipped"
    );
    for (name, tally) in tables {
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "{name:14}{:>9}{:>10}{:>14}{:>11}{:>9}",
            tally.found,
            tally.imported,
            tally.already_there,
            tally.different.len(),
            tally.skipped.len(),
        );
    }
    for (name, tally) in tables {
        rows(&mut text, name, tally);
    }
    let mut title = "\nto know:\n";
    for (note, count) in &report.notes {
        let _ = writeln!(text, "{title}  {count:>5}  {note}");
        title = "";
    }
    if dry_run {
        text.push_str("\nNothing was written: this was a dry run.\n");
    }
    text
}

/// The rows that were not brought in, as far as there is room.
fn rows(text: &mut String, name: &str, Tally { different, skipped, .. }: &Tally) {
    let skipped = skipped.iter().map(|Skipped { id, reason }| (id, reason.clone()));
    let different = different.iter().map(|Different { id, columns }| (id, columns.join(", ")));
    section(
        text,
        &format!("{name} that were skipped, by their ids there:"),
        &skipped.collect::<Vec<_>>(),
    );
    let title = format!("{name} that are different here, and were left so:");
    section(text, &title, &different.collect::<Vec<_>>());
}

fn section(text: &mut String, title: &str, rows: &[(&String, String)]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for (id, what) in rows.iter().take(SHOWN) {
        let _ = writeln!(text, "  {}", fit(&format!("{id}  {what}"), 98));
    }
    if let Some(more) = rows.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "  and {more} more: --json has them all");
    }
}
