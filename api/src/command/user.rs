//! `garboard user`: makes the first administrator, and mends what users cannot mend themselves.

use std::{
    fmt::Write as _,
    io::{self, BufRead, Write},
    time::Duration,
};

use anyhow::{Context, anyhow};
use chrono::TimeDelta;
use clap::Subcommand;
use entity::user;
use serde::Serialize;
use service::{
    Role,
    identity::{
        Hasher, IdentityError,
        operator::{self, Profile},
        password,
    },
    record::show_time,
};

use super::{connect, fit, printable, refuse_pending};
use crate::{
    config::{
        Config,
        value::{Use, duration},
    },
    identity::AuthUser,
};

/// The end of `garboard user --help`.
pub const EXAMPLES: &str = "Examples:
  garboard user grant-admin ada@example.com                    the first administrator
  garboard user ban eve@example.com --for 7d --reason Spam     a week without Eve
  garboard user list --json | jq -r '.[].email'                every address
  openssl rand -base64 18 | garboard user reset-password ada@example.com --stdin

A user is named by e-mail address. The commands work while the server runs, and at once.
Each change is in the audit log, without a name.";

/// What can be done to users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// List the users, the oldest first.
    List {
        /// For programs: an array of users, as the API shows them.
        #[arg(long)]
        json: bool,
    },
    /// Show a user: what they may do, how they sign in, where they belong.
    Show {
        /// The user's address.
        email: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Make a user an administrator, who sees and changes everything.
    GrantAdmin {
        /// The user's address; they have signed up before.
        email: String,
    },
    /// Make an administrator an ordinary user.
    RevokeAdmin {
        /// The administrator's address.
        email: String,
    },
    /// Keep a user out: end their sessions and let them open none.
    Ban {
        /// The user's address.
        email: String,
        /// Why; administrators see it.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// For how long, as 30m, 12h or 7d; without it, until `unban`.
        #[arg(long = "for", value_name = "DURATION", value_parser = length)]
        length: Option<Duration>,
    },
    /// Let a banned user in again.
    Unban {
        /// The user's address.
        email: String,
    },
    /// Give a user another password, or a first one; their sessions end.
    ///
    /// Prints a random password, once. The user can change it after signing in.
    ResetPassword {
        /// The user's address.
        email: String,
        /// Read the password from the standard input, a line of 8 to 128 characters, and print none.
        #[arg(long)]
        stdin: bool,
    },
}

/// Does it, and says what was done.
///
/// # Errors
/// When there is no such user, and when the database cannot be reached or is not migrated.
pub async fn run(config: &Config, command: UserCommand) -> anyhow::Result<()> {
    refuse_pending(config).await?;
    let database = &connect(config).await?;
    let said = match command {
        UserCommand::List { json } => return list(database, json).await,
        UserCommand::Show { email, json } => {
            let profile = operator::show(database, &email).await;
            let profile = profile.map_err(|error| told(error, &email))?;
            if json {
                serde_json::to_string_pretty(&Shown::from(profile))?
            } else {
                describe(&profile)
            }
        }
        UserCommand::GrantAdmin { email } => {
            let changed = operator::set_role(database, &email, Role::Admin).await;
            outcome(changed, &email, ["is an administrator now", "is an administrator already"])?
        }
        UserCommand::RevokeAdmin { email } => {
            let changed = operator::set_role(database, &email, Role::User).await;
            outcome(changed, &email, ["is no administrator any more", "is no administrator"])?
        }
        UserCommand::Ban { email, reason, length } => {
            let length = length.map(TimeDelta::from_std).transpose()?;
            let banned = operator::ban(database, &email, reason.as_deref(), length).await;
            let banned = banned.map_err(|error| told(error, &email))?;
            format!("{email} is {}; their sessions have ended", state(&banned))
        }
        UserCommand::Unban { email } => {
            let lifted = operator::unban(database, &email).await;
            outcome(lifted, &email, ["may sign in again", "is not banned"])?
        }
        UserCommand::ResetPassword { email, stdin } => {
            let password = if stdin { read_password()? } else { password::random() };
            let hasher = Hasher::default();
            let reset = operator::reset_password(database, &hasher, &email, &password).await;
            reset.map_err(|error| told(error, &email))?;
            let done = format!("{email} has another password; their sessions have ended");
            if stdin {
                done
            } else {
                format!("{done}. It is shown only this once:\n\n  {password}\n")
            }
        }
    };
    writeln!(io::stdout().lock(), "{said}")?;
    Ok(())
}

/// What is said of a change, and of one that was none.
fn outcome(
    changed: Result<bool, IdentityError>,
    email: &str,
    [done, undone]: [&str; 2],
) -> anyhow::Result<String> {
    Ok(if changed.map_err(|error| told(error, email))? {
        format!("{email} {done}")
    } else {
        format!("{email} {undone}: nothing was changed")
    })
}

/// How long a ban lasts.
fn length(text: &str) -> Result<Duration, Use> {
    const ALLOWED: Use = Use("a whole number with a unit: 30m, 12h, 7d; at most 366d");
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    let text = days.map_or_else(|| text.to_owned(), |days| format!("{}h", u64::from(days) * 24));
    duration(&text).map_err(|_other| ALLOWED)
}

/// What is wrong, and what to do about it.
fn told(error: IdentityError, email: &str) -> anyhow::Error {
    match error {
        IdentityError::UserNotFound => anyhow!(
            "no user has the address {email:?}: `garboard user list` shows who there is, and whoever is new signs up first"
        ),
        IdentityError::PasswordTooShort | IdentityError::PasswordTooLong => {
            anyhow!("a password has 8 to 128 characters: nothing was changed")
        }
        other => anyhow::Error::new(other),
    }
}

fn read_password() -> anyhow::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn list(database: &service::Database, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let (mut last, mut count) = (None, 0_usize);
    if !json {
        writeln!(out, "{}", row("EMAIL", "NAME", "ROLE", "STATE").trim_end())?;
    }
    loop {
        let users = operator::list(database, last).await?;
        let Some(user) = users.last() else { break };
        last = Some(user.id);
        for user in users {
            if json {
                let before = if count == 0 { "[" } else { "," };
                write!(out, "{before}\n{}", serde_json::to_string(&AuthUser::from(user))?)?;
            } else {
                let line = row(&user.email, &user.name, &user.role, &state(&user));
                writeln!(out, "{}", line.trim_end())?;
            }
            count += 1;
        }
    }
    match (json, count) {
        (true, 0) => writeln!(out, "[]")?,
        (true, _) => writeln!(out, "\n]")?,
        (false, 0) => writeln!(out, "there are no users yet")?,
        (false, _) => {}
    }
    Ok(())
}

/// A line of the list, of at most 100 characters.
fn row(email: &str, name: &str, role: &str, state: &str) -> String {
    let (email, name) = (fit(email, 38), fit(name, 22));
    format!("{email:38}  {name:22}  {role:5}  {state}")
}

fn state(user: &user::Model) -> String {
    match (user.banned, user.ban_expires) {
        (false, _) => String::new(),
        (true, None) => "banned for good".to_owned(),
        (true, Some(until)) => format!("banned until {}", until.to_utc().format("%Y-%m-%d %H:%M")),
    }
}

fn describe(profile: &Profile) -> String {
    let user = &profile.user;
    let mut lines = vec![
        ("id", user.id.to_string()),
        ("name", user.name.clone()),
        (
            "email",
            format!("{}{}", user.email, if user.email_verified { "" } else { " (not verified)" }),
        ),
    ];
    lines.extend(user.username.clone().map(|name| ("username", name)));
    lines.push(("role", user.role.clone()));
    if user.banned {
        lines.push(("state", state(user)));
        lines.extend(user.ban_reason.clone().map(|reason| ("reason", reason)));
    }
    lines.push(("created", show_time(user.created_at.to_utc())));
    let providers = profile.providers.join(", ");
    let ways = if providers.is_empty() { "in no way yet".to_owned() } else { providers };
    lines.push(("signs in by", ways.replace("credential", "password")));
    lines.push(("sessions", profile.sessions.to_string()));
    for (slug, role) in &profile.organizations {
        lines.push(("organization", format!("{slug} ({role})")));
    }
    let mut text = String::new();
    for (name, value) in lines {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:12}  {}", printable(&value));
    }
    text.trim_end().to_owned()
}

/// A profile, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    user: AuthUser,
    providers: Vec<String>,
    sessions: u64,
    organizations: Vec<Membership>,
}

#[derive(Serialize)]
struct Membership {
    slug: String,
    role: String,
}

impl From<Profile> for Shown {
    fn from(profile: Profile) -> Self {
        let organizations = profile.organizations.into_iter();
        Self {
            user: profile.user.into(),
            providers: profile.providers,
            sessions: profile.sessions,
            organizations: organizations.map(|(slug, role)| Membership { slug, role }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_commands_nothing() {
        let long = row(&"a".repeat(99), &"b".repeat(99), "admin", "banned until 2026-12-01 12:00");
        assert!(long.chars().count() <= 100, "{long}");
        assert_eq!(fit("a\u{1b}[31m\n", 10), "a\u{FFFD}[31m\u{FFFD}");
        assert_eq!(fit("abcdef", 4), "abc…");
    }

    #[test]
    fn a_ban_lasts_minutes_hours_or_days() {
        for (text, seconds) in [("30m", 1_800), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(length(text).map(|length| length.as_secs()), Ok(seconds));
        }
        for text in ["", "d", "7", "0d", "-1d", "1.5d", "7 d", "367d", "99999999999d"] {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
