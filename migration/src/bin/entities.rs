//! `cargo entities`: migrates a scratch database and writes the entity crate from it.
#![expect(clippy::print_stdout, reason = "a command line")]

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Parser;
use migration::codegen::{self, Entities};

/// Writes the entity crate from the migrations, by way of a scratch SQLite database.
#[derive(Debug, Parser)]
#[command(name = "cargo entities")]
struct Arguments {
    /// Generate from this database, migrated already, instead of a scratch one.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Write here instead of to the entity crate.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Write nothing; print what is stale, and fail if anything is.
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let start = Instant::now();
    let entities = match &arguments.database_url {
        Some(url) => codegen::generate(url).await?,
        None => codegen::generate_from_scratch().await?,
    };
    let output = arguments.output.unwrap_or_else(codegen::committed);
    let folder = output.display();
    if arguments.check {
        let diff = Entities::read(&output)?.diff(&entities);
        if !diff.is_empty() {
            print!("{diff}");
            println!("{folder} is stale: run `cargo entities` and commit what it writes");
            return Ok(ExitCode::FAILURE);
        }
        println!("{folder} is up to date");
        return Ok(ExitCode::SUCCESS);
    }
    let changed = entities.write(&output)?;
    println!("{folder}: {} ({:.1} s)", describe(&changed), start.elapsed().as_secs_f32());
    Ok(ExitCode::SUCCESS)
}

fn describe(changed: &[String]) -> String {
    if changed.is_empty() {
        "nothing to change".to_owned()
    } else {
        format!("wrote {}", changed.join(", "))
    }
}
