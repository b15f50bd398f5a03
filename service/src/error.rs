//! What can go wrong, by its meaning for the caller. HTTP statuses are chosen in one place, `api::problem`.
//!
//! [`Error::from`] a `DbErr` is the only reader of SQLSTATE and SQLite codes. Keys are named
//! `uq_<table>_<columns>`, `fk_<table>_<column>` and `ck_<table>_<column>`, and the client's own field is the last
//! column of a key, so a violation finds its field without a mapping at the call site.

use std::{borrow::Cow, time::Duration};

use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;
use thiserror::Error;

/// The result of every service function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// Which rule: a stable word for programs, such as `length`.
    pub code: Cow<'static, str>,
    /// What is expected, for people.
    pub message: String,
}

impl Violation {
    /// A violation of one top-level member.
    pub fn of(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: format!("/{field}"), code: code.into(), message: message.into() }
    }
}

/// Every way a service function fails.
#[derive(Debug, Error)]
pub enum Error {
    /// There is no such row, or the caller may not see it.
    #[error("there is no such resource, or it is not visible to you")]
    NotFound,
    /// The caller has not signed in.
    #[error("sign in first")]
    Unauthenticated,
    /// The caller sees the row and may not do this with it.
    #[error("you may not do this")]
    Forbidden,
    /// The input breaks a rule.
    #[error("the input is not valid")]
    Invalid(Vec<Violation>),
    /// A query parameter cannot be understood or is not supported.
    #[error("{message}")]
    BadQuery {
        /// The parameter's name as the caller wrote it.
        parameter: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// No index serves the list.
    #[error(
        "no index serves this: {list} has more than {rows} rows, and to be found like this they need an index on {fields}"
    )]
    Unindexed {
        /// The list.
        list: &'static str,
        /// How many rows make a table large.
        rows: u64,
        /// The fields of an index that would serve it.
        fields: String,
    },
    /// Another row already has this value.
    #[error("another row already has this value")]
    Taken {
        /// The field in camelCase.
        field: String,
    },
    /// The row is still referred to.
    #[error("other rows still refer to this one")]
    InUse,
    /// A reference to a row that does not exist or that the caller may not see.
    #[error("the row referred to does not exist")]
    Unknown {
        /// The field in camelCase.
        field: String,
    },
    /// The row has changed since the caller read it.
    #[error("the row has changed since it was read")]
    Stale,
    /// Too many attempts.
    #[error("too many requests")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The database is away, has no free connection, or had too many conflicts.
    #[error("the database is busy or away")]
    Busy {
        /// When to try again.
        retry_after: Duration,
        /// What the database said, for the log.
        #[source]
        cause: Option<DbErr>,
    },
    /// A statement ran longer than it may, and was stopped.
    #[error("the query took too long and was stopped; ask for less, or try again later")]
    TooSlow(#[source] DbErr),
    /// Any other failure of the database.
    #[error("the database failed")]
    Database(#[source] DbErr),
    /// The work panicked; its transaction was rolled back.
    #[error("the work stopped unexpectedly")]
    Panicked,
}

impl Error {
    /// One violation of one top-level member.
    pub fn invalid(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::of(field, code, message)])
    }

    /// A query that cannot be answered because of one parameter.
    pub fn bad_query(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Self::BadQuery { parameter: parameter.into(), message: message.into() }
    }

    fn busy(cause: DbErr) -> Self {
        Self::Busy { retry_after: Duration::from_secs(1), cause: Some(cause) }
    }
}

/// Names the field of a reference that was looked up and not found.
pub trait OrUnknown<T> {
    /// `NotFound` becomes `Unknown { field }`: the row asked for exists, what it refers to does not.
    ///
    /// # Errors
    /// As the result had them, but for `NotFound`.
    fn or_unknown(self, field: &str) -> Result<T>;
}

impl<T> OrUnknown<T> for Result<T> {
    fn or_unknown(self, field: &str) -> Result<T> {
        self.map_err(|error| match error {
            Error::NotFound => Error::Unknown { field: field.to_owned() },
            other => other,
        })
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::busy(error),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => match &**cause {
                sqlx::Error::Database(fault) => Fault::of(&**fault).into_error(error),
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => Self::busy(error),
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

/// Whether running the whole transaction again may succeed.
pub(crate) fn is_conflict(error: &Error) -> bool {
    let (Error::Busy { cause: Some(error), .. } | Error::Database(error)) = error else {
        return false;
    };
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        error
    else {
        return false;
    };
    matches!(&**cause, sqlx::Error::Database(fault) if matches!(Fault::of(&**fault), Fault::Conflict))
}

/// What a database complained of.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Unique { field: String },
    Reference { field: String },
    InUse,
    Check { field: String },
    Conflict,
    Slow,
    Away,
    Other,
}

impl Fault {
    fn of(fault: &dyn DatabaseError) -> Self {
        let postgres = fault.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
        let table = postgres.and_then(sqlx::postgres::PgDatabaseError::table).unwrap_or_default();
        let constraint =
            postgres.and_then(sqlx::postgres::PgDatabaseError::constraint).unwrap_or_default();
        let detail = postgres.and_then(sqlx::postgres::PgDatabaseError::detail).unwrap_or_default();
        match &*fault.code().unwrap_or_default() {
            "23505" => Self::Unique { field: last_key_column(detail) },
            // A delete that leaves references behind names the key referred to, which is always `id`.
            "23503" if last_key_column(detail) == "id" => Self::InUse,
            "23503" => Self::Reference { field: last_key_column(detail) },
            "23514" => Self::Check { field: checked_column(table, constraint) },
            "23502" => Self::Check {
                field: camel_case(postgres.and_then(|fault| fault.column()).unwrap_or_default()),
            },
            "22001" => Self::Check { field: String::new() },
            // Serialization failure, deadlock, lock not available; SQLITE_BUSY and its extended forms.
            "40001" | "40P01" | "55P03" | "5" | "261" | "517" | "6" | "262" => Self::Conflict,
            // Statement timeout; SQLITE_INTERRUPT, and SQLITE_CONSTRAINT_COMMITHOOK for what is tried after it.
            "57014" | "9" | "531" => Self::Slow,
            // Shutdown, starting up, too many connections.
            "57P01" | "57P02" | "57P03" | "53300" => Self::Away,
            // SQLITE_CONSTRAINT_UNIQUE and _PRIMARYKEY: "UNIQUE constraint failed: task.a, task.b".
            "2067" | "1555" => Self::Unique { field: camel_case(last_word(fault.message())) },
            // SQLITE_CONSTRAINT_FOREIGNKEY names nothing, so references are looked up before they are written:
            // what is left is a delete. SQLITE_CONSTRAINT_TRIGGER is what ON DELETE RESTRICT reports.
            "787" | "1811" => Self::InUse,
            "275" => Self::Check { field: checked_column("", last_word(fault.message())) },
            "1299" => Self::Check { field: camel_case(last_word(fault.message())) },
            _ => Self::Other,
        }
    }

    fn into_error(self, error: DbErr) -> Error {
        match self {
            Self::Unique { field } => Error::Taken { field },
            Self::Reference { field } => Error::Unknown { field },
            Self::InUse => Error::InUse,
            Self::Check { field } => {
                Error::invalid(&field, "constraint", "is not an allowed value")
            }
            Self::Conflict | Self::Away => Error::busy(error),
            Self::Slow => Error::TooSlow(error),
            Self::Other => Error::Database(error),
        }
    }
}

/// The last column in PostgreSQL's `Key (a, b)=(…)`, whatever language the server speaks.
fn last_key_column(detail: &str) -> String {
    let columns = detail.split_once(")=(").and_then(|(before, _)| before.rsplit_once('('));
    camel_case(columns.map_or("", |(_, columns)| columns.rsplit(", ").next().unwrap_or_default()))
}

/// The last column in SQLite's `… failed: table.a, table.b`, or the constraint's name where it gives that.
fn last_word(message: &str) -> &str {
    message.rsplit([' ', '.']).next().unwrap_or_default()
}

/// The column of `ck_<table>_<column>[_<rule>]`; SQLite does not say the table, so it is taken to be known by its name.
fn checked_column(table: &str, constraint: &str) -> String {
    let rest = constraint.strip_prefix("ck_").unwrap_or_default();
    camel_case(rest.strip_prefix(table).and_then(|rest| rest.strip_prefix('_')).unwrap_or(rest))
}

/// `client_name` → `clientName`: how every column is called over HTTP.
pub fn camel_case(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let mut upper = false;
    for letter in column.chars() {
        if letter == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            name.extend(letter.to_uppercase());
        } else {
            name.push(letter);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_of_a_violation_is_the_last_column_of_its_key() {
        assert_eq!(last_key_column("Key (project_id, user_id)=(1, 2) already exists."), "userId");
        assert_eq!(last_key_column("Schlüssel »(theme_id)=(1)« ist nicht vorhanden."), "themeId");
        assert_eq!(
            camel_case(last_word(
                "UNIQUE constraint failed: project_member.project_id, project_member.user_id"
            )),
            "userId"
        );
        assert_eq!(checked_column("project", "ck_project_status"), "status");
    }

    #[test]
    fn columns_become_camel_case() {
        for (column, name) in
            [("id", "id"), ("client_name", "clientName"), ("is_public", "isPublic")]
        {
            assert_eq!(camel_case(column), name);
        }
    }
}
