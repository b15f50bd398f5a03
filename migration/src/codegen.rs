//! The entity crate, written from a migrated database by SeaORM's own generator.
//!
//! [`COMMAND`] is both what the documentation tells a reader to type and what runs here, so the two
//! cannot drift apart. `docs/entities.md` shows how it is used.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::Parser;
use sea_orm_cli::{Cli, Commands, GenerateSubcommands, run_generate_command};
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

use crate::migrate;

/// The command that writes the entity crate, run from the workspace root with `DATABASE_URL` set.
pub const COMMAND: &str = "sea-orm-cli generate entity --lib --entity-format compact \
                           --with-prelude all --with-serde none --output-dir entity/src";

/// The generator formats with the `rustfmt.toml` above its output: here, in a temporary folder, with
/// a copy of the workspace's.
const RUSTFMT: &str = include_str!("../../rustfmt.toml");

/// The source files of an entity crate, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities(BTreeMap<String, String>);

/// Generates the entities of the database at `url`, which has to be migrated.
///
/// # Errors
/// What connecting or the generator met; a database without tables.
pub async fn generate(url: &str) -> anyhow::Result<Entities> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("rustfmt.toml"), RUSTFMT)?;
    let output = folder.path().join("src");
    let arguments = COMMAND.split_whitespace().chain(["--database-url", url]);
    let Commands::Generate { mut command } = Cli::try_parse_from(arguments)?.command else {
        bail!("{COMMAND} no longer generates");
    };
    let GenerateSubcommands::Entity { output_dir, database_schema, .. } = &mut command;
    output.to_str().context("the temporary folder has no UTF-8 name")?.clone_into(output_dir);
    // DATABASE_SCHEMA would end up in the entities as an attribute.
    *database_schema = None;
    run_generate_command(command, false)
        // It logs every column, to a subscriber of its own unless there is one.
        .with_subscriber(NoSubscriber::new())
        .await
        .map_err(|error| anyhow!("{error}"))?;
    let entities = Entities::read(&output)?;
    if entities.0.len() <= 2 {
        bail!("the database has no tables: migrate it first");
    }
    Ok(entities)
}

/// Generates the entities of a scratch SQLite database that is migrated for the purpose.
///
/// # Errors
/// What a migration or the generator met.
pub async fn generate_from_scratch() -> anyhow::Result<Entities> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("scratch.db").display());
    migrate(&url).await?;
    generate(&url).await
}

/// The folder of the committed entity crate.
pub fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("entity").join("src")
}

impl Entities {
    /// Reads the Rust files of `folder`; a folder that does not exist has none.
    ///
    /// # Errors
    /// What reading met.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|extension| extension == "rs") {
                files.insert(name, fs::read_to_string(entry.path())?);
            }
        }
        Ok(Self(files))
    }

    /// Makes `folder` hold these files and no other Rust file, and returns the names that changed.
    ///
    /// The generator itself leaves the files of dropped tables behind.
    ///
    /// # Errors
    /// What writing met.
    pub fn write(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::create_dir_all(folder)?;
        let old = Self::read(folder)?;
        for name in old.0.keys().filter(|name| !self.0.contains_key(*name)) {
            fs::remove_file(folder.join(name))?;
        }
        for (name, content) in &self.0 {
            // An unchanged file keeps its time, so that cargo does not build it again.
            if old.0.get(name) != Some(content) {
                fs::write(folder.join(name), content)?;
            }
        }
        Ok(old.changed(self).into_iter().cloned().collect())
    }

    /// What has to change for these files to become `new`, in lines; empty when they are equal.
    pub fn diff(&self, new: &Self) -> String {
        let mut diff = String::new();
        for name in self.changed(new) {
            let lines = |files: &Self| -> Vec<String> {
                files
                    .0
                    .get(name)
                    .map_or_else(Vec::new, |file| file.lines().map(str::to_owned).collect())
            };
            // Writing to a String cannot fail.
            let _ = writeln!(diff, "--- {name}");
            write_lines(&mut diff, &lines(self), &lines(new));
        }
        diff
    }

    fn changed<'a>(&'a self, new: &'a Self) -> Vec<&'a String> {
        let names: BTreeSet<_> = self.0.keys().chain(new.0.keys()).collect();
        names.into_iter().filter(|name| self.0.get(*name) != new.0.get(*name)).collect()
    }
}

/// Writes the lines between the first and the last difference.
fn write_lines(diff: &mut String, old: &[String], new: &[String]) {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old, new) = (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let _ = writeln!(diff, "@@ line {} @@", start + 1);
    for (sign, lines) in [('-', old), ('+', new)] {
        for line in lines.iter().take(lines.len() - end) {
            let _ = writeln!(diff, "{sign}{line}");
        }
    }
}
