//! Showing the settings: `garboard config`, and `docs/configuration.md`.

use std::fmt::{self, Write};

use clap::{Args, Command};
use serde::Serialize;

use super::{Config, load::variable};

/// The width of what is printed for a terminal.
const WIDTH: usize = 80;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// An option such as `--port`.
    CommandLine,
    /// A variable of the environment.
    Environment,
    /// A line in `.env`.
    File,
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::Environment => "environment",
            Self::File => ".env",
            Self::Default => "default",
        })
    }
}

/// One setting as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// As in the environment.
    pub name: &'static str,
    /// In use; masked if it is secret.
    pub value: String,
    /// Where the value comes from.
    pub source: Source,
    /// What it does and what it may be.
    pub meaning: String,
}

/// What is known of a setting without its value.
struct Entry {
    name: String,
    id: String,
    default: Option<String>,
    meaning: String,
    detail: String,
}

fn entries() -> Vec<Entry> {
    let command = Config::augment_args(Command::new(""));
    let entry = |argument: &clap::Arg| {
        let name = variable(argument)?;
        let meaning = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let long = argument.get_long_help().map(ToString::to_string).unwrap_or_default();
        let detail =
            long.split_once("\n\n").map(|(_, detail)| detail.to_owned()).unwrap_or_default();
        let default =
            argument.get_default_values().first().map(|value| value.to_string_lossy().into_owned());
        Some(Entry { name, id: argument.get_id().to_string(), default, meaning, detail })
    };
    command.get_arguments().filter_map(entry).collect()
}

impl Config {
    /// Every setting as it stands; `source` tells by its variable and its id where it comes from.
    pub(super) fn settings(&self, source: impl Fn(&str, &str) -> Source) -> Vec<Setting> {
        let values = self.values().into_iter().zip(entries());
        let setting = |((name, value), entry): (_, Entry)| Setting {
            name,
            value,
            source: source(name, &entry.id),
            meaning: entry.meaning,
        };
        values.map(setting).collect()
    }
}

/// For a terminal.
pub fn text(settings: &[Setting]) -> String {
    let mut text = String::new();
    for Setting { name, value, source, meaning } in settings {
        let value = if value.is_empty() { "(none)" } else { value };
        let _ = writeln!(text, "{name} = {value}  ({source})");
        for line in wrap(meaning, WIDTH - 4) {
            let _ = writeln!(text, "    {line}");
        }
    }
    text.push_str("\nSet them in the environment, in a file .env, or as options such as --port.\n");
    text
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + 1 + word.len() <= width => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `docs/configuration.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "<!-- Written by `garboard config --markdown`; do not edit. -->\n\
        # Configuration\n\n\
        Every setting has a default, so `cargo run` needs none. It is read from the command line (`--port 3000`), else\n\
        from the environment (`PORT=3000`), else from a file `.env` in the working directory or above it, else it has\n\
        its default. A variable that is empty counts as not set. A value that is not valid ends the process with exit\n\
        code 2 and one line for each mistake.\n\n\
        `garboard config` prints the values in use and where each comes from, with secrets masked.\n",
    );
    for Entry { name, default, meaning, detail, .. } in entries() {
        let default = default.map_or("none".to_owned(), |value| format!("`{value}`"));
        let _ = write!(page, "\n## {name}\n\n{meaning}\n\nDefault: {default}\n");
        if !detail.is_empty() {
            let _ = write!(page, "\n{detail}\n");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn every_field_has_a_value_and_a_meaning() {
        let config = Program::parse_from([""]).config;
        let names: Vec<_> = config.values().into_iter().map(|(name, _)| name.to_owned()).collect();
        let fields: Vec<_> = entries().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, fields, "Config::values names every field, in their order");
        assert!(entries().iter().all(|entry| !entry.meaning.is_empty()));
    }

    #[test]
    fn the_listing_fits_a_terminal() {
        let config = Program::parse_from([""]).config;
        let listing = text(&config.settings(|_, _| Source::Default));
        assert!(listing.lines().all(|line| line.len() <= WIDTH), "{listing}");
    }

    #[test]
    fn the_page_is_up_to_date() {
        let page = include_str!("../../../docs/configuration.md");
        assert!(page == markdown(), "run `cargo run -- config --markdown > docs/configuration.md`");
    }
}
