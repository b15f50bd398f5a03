//! Why a migration did not come to its end, and what has become of it.

use std::borrow::Cow;

use anyhow::anyhow;
use sea_orm::{DbBackend, DbErr, RuntimeErr};

use crate::recorder::Script;

/// Why a migration did not come to its end.
pub(super) enum Failure {
    /// The database refused something.
    Error(DbErr),
    /// The database did not take its transaction, or did not say that it has.
    Commit(DbErr),
    /// It panicked, with this message.
    Panic(String),
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Error(error)
    }
}

impl Failure {
    /// Whether somebody else had what it needed, who may have let go of it by now.
    pub(super) fn is_conflict(&self, backend: DbBackend) -> bool {
        let Some(code) = self.code() else { return false };
        match backend {
            // SQLITE_BUSY and its refinements, which are in the higher bits.
            DbBackend::Sqlite => code.parse::<u32>().is_ok_and(|code| code & 0xff == 5),
            // lock_not_available, deadlock_detected
            _ => matches!(code.as_str(), "55P03" | "40P01"),
        }
    }

    /// The code of the database, if it is the database that says no.
    fn code(&self) -> Option<String> {
        let (Self::Error(error) | Self::Commit(error)) = self else { return None };
        let (DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))) = error
        else {
            return None;
        };
        error.as_database_error()?.code().map(Cow::into_owned)
    }

    /// What has become of the migration, and what to do.
    pub(super) fn explain(self, script: &Script) -> anyhow::Error {
        let state = if matches!(self, Self::Commit(_)) && self.code().is_none() {
            "the connection broke at its very end: `db status` tells whether it is applied"
        } else if script.in_transaction {
            "nothing of it is left"
        } else {
            "it runs outside of a transaction, so what it did before is still there, unless it was one change of a \
             table: mend the cause and run this again (such a migration has to be written so that it can be \
             repeated, with IF NOT EXISTS and the like)"
        };
        let name = &script.migration;
        match self {
            Self::Error(error) | Self::Commit(error) => {
                anyhow!(error).context(format!("the migration {name} failed; {state}"))
            }
            Self::Panic(message) => anyhow!(message).context(format!(
                "the migration {name} panicked; {state}. SeaORM panics at what SQLite cannot do in one statement: change \
                 one thing per ALTER TABLE, or build the table anew"
            )),
        }
    }
}
