//! The `garboard` command line. What the commands do is in [`api::command`].

use std::process::ExitCode;

use actix_web::rt::System;
use api::command::{
    self, EXAMPLES, Format,
    import::{self, ImportCommand},
    user::{self, UserCommand},
};
use api::config::{Config, load::load};
use clap::{Parser, Subcommand};
use workflow::{command::DbArguments, migrate::MigrateArguments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A modular REST backend: one binary, on SQLite or PostgreSQL. Without a command it serves.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES)]
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
    /// Create or update the tables: `garboard db migrate`, in short.
    Migrate(MigrateArguments),
    /// Fill an empty database with demonstration data; refused in production.
    Seed {
        /// A user to sign in as, with projects and tasks.
        #[arg(long, required = true)]
        demo: bool,
    },
    /// Look after the schema and the data of the database.
    Db(DbArguments),
    /// Look after users: make administrators, ban, set passwords.
    #[command(subcommand, after_help = user::EXAMPLES)]
    User(UserCommand),
    /// Bring in the users of another system.
    #[command(subcommand, after_help = import::EXAMPLES)]
    Import(ImportCommand),
    /// List the routes: method, path, and operation of the OpenAPI document.
    Routes {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Show every setting: its value, where that comes from, what it means; secrets are masked.
    Config {
        #[command(flatten)]
        format: Format,
    },
}

fn main() -> ExitCode {
    let (garboard, settings) = match load(|garboard: &Garboard| &garboard.config) {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            for mistake in mistakes {
                eprintln!("{mistake}");
            }
            return ExitCode::from(2);
        }
    };
    let Garboard { command, config } = garboard;
    let done = System::new().block_on(async {
        let done = match command.unwrap_or(Command::Serve { migrate: false }) {
            Command::Serve { migrate } => command::serve(&config, migrate).await,
            Command::Migrate(arguments) => return command::migrate(&config, &arguments).await,
            Command::Seed { demo: _ } => command::seed(&config).await,
            Command::Db(arguments) => return command::db(&config, &arguments).await,
            Command::User(command) => user::run(&config, command).await,
            Command::Import(command) => import::run(&config, command).await,
            Command::Routes { json } => command::routes(json),
            Command::Config { format } => command::config(&settings, format),
        };
        done.map(|()| ExitCode::SUCCESS)
    });
    done.unwrap_or_else(|error| {
        eprintln!("garboard: {}", command::explain(&error));
        ExitCode::FAILURE
    })
}
