//! The `garboard` command line. What the commands do is in [`api::command`].

use std::process::ExitCode;

use actix_web::rt::System;
use api::{
    command::{self, Format},
    config::{self, Config},
};
use clap::{Parser, Subcommand};

/// A modular REST backend: one binary, on SQLite or PostgreSQL.
///
/// Without a command it serves. It needs no configuration to begin with: it keeps its data in data/garboard.db, and
/// says where to look next.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_long_help = "Examples:
  garboard                                            serve, on SQLite
  DATABASE_URL=postgres://me:secret@localhost/garboard garboard
  garboard --port 3000 --log-queries true
  garboard migrate                                    create or update the tables
  garboard config                                     what is set, where, and what it means"
)]
struct Garboard {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests (what happens without a command).
    ///
    /// Outside production, pending migrations are applied first, and in development an empty database is filled with
    /// demonstration data. SIGTERM or ctrl-c lets requests in flight finish; a second one ends the process at once.
    Serve {
        /// Apply pending migrations first, in production too.
        #[arg(long)]
        migrate: bool,
    },
    /// Create or update the tables.
    ///
    /// Applies every pending migration, each as a whole or not at all, and prints their names. Several processes may
    /// do so at once: one works, the others wait. To go back, see `sea-orm-cli migrate down`.
    Migrate,
    /// Fill an empty database with demonstration data; refused in production.
    Seed {
        /// The demonstration set: a user to sign in as, with projects and tasks.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// List the routes: method, path, operation of the OpenAPI document.
    Routes {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show every setting: its value, where that comes from, and what it means; secrets are masked.
    Config {
        /// As JSON.
        #[arg(long, conflicts_with = "markdown")]
        json: bool,
        /// As the page docs/configuration.md, without the values.
        #[arg(long)]
        markdown: bool,
    },
}

impl AsRef<Config> for Garboard {
    fn as_ref(&self) -> &Config {
        &self.config
    }
}

fn main() -> ExitCode {
    let (Garboard { command, config }, settings) = match config::load::load() {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            mistakes.iter().for_each(|mistake| eprintln!("{mistake}"));
            return ExitCode::from(2);
        }
    };
    let done = System::new().block_on(async {
        match command.unwrap_or(Command::Serve { migrate: false }) {
            Command::Serve { migrate } => command::serve(&config, migrate).await,
            Command::Migrate => command::migrate(&config).await,
            Command::Seed { demo: _ } => command::seed(&config).await,
            Command::Routes { json } => command::routes(json),
            Command::Config { json: true, .. } => command::config(&settings, Format::Json),
            Command::Config { markdown: true, .. } => command::config(&settings, Format::Markdown),
            Command::Config { .. } => command::config(&settings, Format::Text),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("garboard: {error:#}");
            ExitCode::FAILURE
        }
    }
}
