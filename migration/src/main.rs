//! The command line behind `sea-orm-cli migrate up|down|status|fresh|refresh|reset`.
//!
//! It adds to SeaORM's own a default database, a SQLite file made on demand, and the lock.

use std::{process::ExitCode, time::Duration};

use clap::{ArgMatches, CommandFactory};
use migration::{Locked, Migrator};
use sea_orm_migration::{
    cli::{Cli, run_cli_with_custom_connection},
    sea_orm::{ConnectOptions, DbErr},
};

/// Where the server looks, too, when nothing is configured.
const DEFAULT_URL: &str = "sqlite://data/garboard.db?mode=rwc";

#[tokio::main]
async fn main() -> ExitCode {
    dotenvy::dotenv().ok();
    let arguments = Cli::command().get_matches();
    // These two write files of this crate, and need no database.
    let offline = matches!(arguments.subcommand_name(), Some("init" | "generate"));
    let locked = if offline { None } else { Some(Locked::open(options(&arguments)).await) };
    if let Some(Err(error)) = locked {
        eprintln!("DATABASE_URL: {error}");
        return ExitCode::FAILURE;
    }
    run_cli_with_custom_connection(Migrator, async || match &locked {
        Some(Ok(locked)) => Ok(locked.connection().clone()),
        _ => Err(DbErr::Custom("this command needs no database".to_owned())),
    })
    .await;
    ExitCode::SUCCESS
}

fn options(arguments: &ArgMatches) -> ConnectOptions {
    let url = arguments.get_one::<String>("database_url").map_or(DEFAULT_URL, String::as_str);
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).connect_timeout(Duration::from_secs(10));
    if let Some(schema) = arguments.get_one::<String>("database_schema") {
        options.set_schema_search_path(schema);
    }
    options
}
