//! The command line behind `sea-orm-cli migrate up|down|status|fresh|refresh|reset`.
//!
//! It adds to SeaORM's own a default database, a SQLite file made on demand, and the lock.

use anyhow::Context;
use clap::CommandFactory;
use migration::{Locked, Migrator};
use sea_orm_migration::{
    cli::{Cli, run_cli_with_custom_connection},
    sea_orm::{ConnectOptions, DbErr},
};

/// Where the server looks, too, when nothing is configured.
const DEFAULT_URL: &str = "sqlite://data/garboard.db?mode=rwc";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    dotenvy::dotenv().ok();
    let arguments = Cli::command().get_matches();
    // These two write files of this crate, and need no database.
    let offline = matches!(arguments.subcommand_name(), Some("init" | "generate"));
    let locked = if offline {
        None
    } else {
        let url = arguments.get_one::<String>("database_url").map_or(DEFAULT_URL, String::as_str);
        let mut options = ConnectOptions::new(url);
        options.sqlx_logging(false);
        if let Some(schema) = arguments.get_one::<String>("database_schema") {
            options.set_schema_search_path(schema);
        }
        Some(Locked::open(options).await.context("cannot reach the database of DATABASE_URL")?)
    };
    run_cli_with_custom_connection(Migrator, async || {
        locked
            .as_ref()
            .map(|locked| locked.connection().clone())
            .ok_or_else(|| DbErr::Custom("this command needs no database".to_owned()))
    })
    .await;
    Ok(())
}
