//! Where the entities of the release before are: in a folder, or in git.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sea_orm::DbBackend;

use super::{
    declared::{self, Field},
    release::{Known, Release, class},
};
use crate::{DatabaseUrl, entities::Entities, git, new};

/// Where a project has its entities.
const ENTITIES: &str = "entity/src";

impl Release {
    /// The one whose entities are in the folder `previous`, or were at the revision `previous` of the project in the folder
    /// `root`, on a database like this one.
    ///
    /// # Errors
    /// When there is no such folder or revision, or no entities are in it.
    pub fn read(previous: &str, root: &Path, database: &DatabaseUrl) -> anyhow::Result<Self> {
        let backend = if database.is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
        let files = if Path::new(previous).is_dir() {
            Entities::read(Path::new(previous))?.files().clone()
        } else {
            at_revision(root, previous)?
        };
        let tables = declared::tables(&files).with_context(|| format!("--previous {previous}"))?;
        if tables.is_empty() {
            bail!(
                "--previous {previous}: there are no entities as SeaORM's generator writes them; name the `src` folder of \
                 an entity crate, such as {ENTITIES}, or a revision of git"
            );
        }
        let known = |field: Field| Known {
            class: field.rust.and_then(|rust| class(declared_as(&rust)?, backend)),
            name: field.column,
            nullable: field.nullable,
        };
        let known = |fields: Vec<Field>| fields.into_iter().map(known).collect();
        Ok(Self(tables.into_iter().map(|(name, fields)| (name, known(fields))).collect()))
    }
}

/// The folder of the project that the current one is in; or the current one, where that is unknown.
pub(in crate::rehearse) fn root() -> anyhow::Result<PathBuf> {
    let migrations = new::folder(None).ok();
    let root = migrations.and_then(|folder| folder.ancestors().nth(2).map(Path::to_owned));
    Ok(root.map_or_else(env::current_dir, Ok)?)
}

/// The Rust files at `REV`, in the usual folder, or at `REV:FOLDER`.
fn at_revision(root: &Path, previous: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let (revision, folder) = previous.split_once(':').unwrap_or((previous, ENTITIES));
    let revision = git::revision(revision)?;
    git::run(root, &["rev-parse", "--verify", &format!("{revision}^{{commit}}")]).with_context(
        || format!("--previous {previous} is neither a folder nor a revision of git"),
    )?;
    let tree = format!("{revision}:./{folder}");
    let names = git::run(root, &["ls-tree", "--full-tree", "--name-only", "-z", &tree])
        .with_context(|| {
            format!("{revision} has no folder {folder}: say --previous {revision}:FOLDER")
        })?;
    let is_rust = |name: &&str| Path::new(name).extension().is_some_and(|kind| kind == "rs");
    let file =
        |name: &str| Ok((name.to_owned(), git::run(root, &["show", &format!("{tree}/{name}")])?));
    names.split('\0').filter(is_rust).map(file).collect()
}

/// The type of PostgreSQL for which SeaORM's generator writes this Rust type; nothing for those that people write.
fn declared_as(rust: &str) -> Option<&'static str> {
    Some(match rust {
        "String" => "text",
        "bool" => "boolean",
        "i16" => "smallint",
        "i32" => "integer",
        "i64" => "bigint",
        "f32" => "real",
        "f64" => "double precision",
        "Decimal" => "numeric",
        "Uuid" => "uuid",
        "Json" => "jsonb",
        "Vec<u8>" => "bytea",
        "Date" | "TimeDate" => "date",
        "Time" | "TimeTime" => "time without time zone",
        "DateTime" | "TimeDateTime" => "timestamp without time zone",
        "DateTimeWithTimeZone" | "DateTimeUtc" | "TimeDateTimeWithTimeZone" => {
            "timestamp with time zone"
        }
        _ => return None,
    })
}
