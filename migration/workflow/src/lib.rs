//! The schema workflow: from a changed column to a safe production database, in proven steps.
//!
//! It knows no table of the product: a [`Project`] brings the migrations, and the address of the database they are for.
//! In reading order: [`url`] and [`connection`] reach a database, [`catalog`] tells what it has, [`history`] which
//! migrations it has had, [`recorder`] what migrations would do without doing it, [`scratch`] has databases to try things
//! on, [`expected`] tells what migrations build, [`difference`] and [`mend`] compare two catalogs, [`rows`] reads and
//! writes what is in the tables, [`version`] tells whether two databases fit, [`patience`] says for how long others are
//! waited for, [`slow_statement`] has what the server records, [`report`] tells the developer. [`schema`] is the vocabulary
//! that migrations are written in. Every other module is one command of `garboard db`.

pub mod backup;
pub mod catalog;
pub mod command;
pub mod connection;
pub mod copy;
pub mod definition;
#[cfg(feature = "develop")]
pub mod diff;
pub mod difference;
pub mod doctor;
pub mod drift;
#[cfg(feature = "develop")]
pub mod entities;
pub mod expected;
mod git;
pub mod history;
pub mod lint;
pub mod mend;
pub mod migrate;
pub mod new;
mod panics;
pub mod patience;
pub mod pull;
#[cfg(feature = "develop")]
pub mod push;
pub mod recorder;
pub mod rehearse;
pub mod report;
pub mod reset;
pub mod restore;
pub mod rollback;
pub mod rows;
pub mod schema;
pub mod scratch;
pub mod seed;
pub mod slow_statement;
pub mod stats;
pub mod status;
pub mod url;
pub mod verify_backup;
pub mod version;

use anyhow::ensure;
use sea_orm_migration::MigrationTrait;

pub use crate::{connection::Locked, url::DatabaseUrl};

/// The migrations of a project, oldest first.
pub type Migrations = fn() -> Vec<Box<dyn MigrationTrait>>;

/// What the commands work on.
#[derive(Clone, Debug)]
pub struct Project {
    /// Every migration that this program knows.
    pub migrations: Migrations,
    /// The database that the commands are about.
    pub database: DatabaseUrl,
    /// Whether people rely on that database: nothing in it is destroyed unless it is named.
    pub production: bool,
}

impl Project {
    /// Refuses to destroy anything in production, unless `named` is the name of the database.
    ///
    /// # Errors
    /// The refusal; it says what to write.
    pub fn may_destroy(&self, named: Option<&str>) -> anyhow::Result<()> {
        let (url, name) = (&self.database, self.database.name());
        ensure!(
            !self.production || named == Some(&name),
            "this destroys what is in {url}, in production: if that is meant, say --yes-destroy {name}"
        );
        Ok(())
    }

    /// Refuses a name that is said and is not that of the database.
    ///
    /// # Errors
    /// The refusal; it says what the name is.
    pub fn is_named(&self, said: Option<&str>) -> anyhow::Result<()> {
        let name = self.database.name();
        if let Some(said) = said {
            ensure!(said == name, "the database is {name}, not {said}");
        }
        Ok(())
    }
}
