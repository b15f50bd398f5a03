//! The database schema, as steps.
//!
//! [`Migrator`] lists them in the order in which a reader would tell the story: who signs in (`user` to
//! `verification`), how they come together (`organization` to `invitation`), what they work on
//! (`theme` to `task`), and who did what (`audit_log`). [`schema`] is the vocabulary they are written
//! in. Steps never use the entities, which are generated from their outcome.

#![expect(elided_lifetimes_in_paths, reason = "`MigrationTrait` elides them: `'_` would not match")]

pub use workflow::schema;

mod m20260901_000001_create_user;
mod m20260901_000002_create_session;
mod m20260901_000003_create_account;
mod m20260901_000004_create_verification;
mod m20260901_000005_create_organization;
mod m20260901_000006_create_member;
mod m20260901_000007_create_invitation;
mod m20260901_000008_create_theme;
mod m20260901_000009_create_project;
mod m20260901_000010_create_project_member;
mod m20260901_000011_create_task;
mod m20260901_000012_create_audit_log;
mod m20260901_000013_add_task_estimate_minutes;
mod m20260901_000014_search_project_task;
mod m20260901_000015_create_email;
mod m20260901_000016_create_rate_limit;
mod m20260901_000017_add_audit_log_impersonator_id;
mod m20260901_000018_index_expiry;

pub use sea_orm_migration::{MigratorTrait, SchemaManager};
pub use workflow::{Locked, history::Gap, slow_statement};

use sea_orm::{ConnectOptions, ConnectionTrait};
use sea_orm_migration::{prelude::*, sea_orm};
use workflow::{migrate::apply, patience::Patience, report::Report};

/// Every step from an empty database to the current schema, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    // `sea-orm-cli migrate generate` rewrites this list, without what else is written in it.
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20260901_000001_create_user::Migration),
            Box::new(m20260901_000002_create_session::Migration),
            Box::new(m20260901_000003_create_account::Migration),
            Box::new(m20260901_000004_create_verification::Migration),
            Box::new(m20260901_000005_create_organization::Migration),
            Box::new(m20260901_000006_create_member::Migration),
            Box::new(m20260901_000007_create_invitation::Migration),
            Box::new(m20260901_000008_create_theme::Migration),
            Box::new(m20260901_000009_create_project::Migration),
            Box::new(m20260901_000010_create_project_member::Migration),
            Box::new(m20260901_000011_create_task::Migration),
            Box::new(m20260901_000012_create_audit_log::Migration),
            Box::new(m20260901_000013_add_task_estimate_minutes::Migration),
            Box::new(m20260901_000014_search_project_task::Migration),
            Box::new(m20260901_000015_create_email::Migration),
            Box::new(m20260901_000016_create_rate_limit::Migration),
            Box::new(m20260901_000017_add_audit_log_impersonator_id::Migration),
            Box::new(m20260901_000018_index_expiry::Migration),
        ]
    }
}

/// Applies the pending migrations, one process at a time, and returns their names.
///
/// Nothing pending is no error, even if a newer release has applied migrations unknown here.
///
/// # Errors
/// When the database cannot be reached, or a migration fails; that one has left nothing behind.
pub async fn migrate(options: impl Into<ConnectOptions>) -> anyhow::Result<Vec<String>> {
    let (patience, report) = (Patience::default(), Report::new(false));
    let steps = apply(Migrator::migrations, options, None, &patience, &report, |_| ()).await?;
    Ok(steps.into_iter().map(|step| step.name).collect())
}

/// What a database lacks of these migrations, and what it has beside them. It only reads.
///
/// During a rolling deployment the previous release keeps serving a schema that a newer one has extended: what is unknown
/// here does no harm.
///
/// # Errors
/// What the database met; a database without any migrations is none.
pub async fn gap(db: &impl ConnectionTrait) -> Result<Gap, DbErr> {
    workflow::history::gap(db, Migrator::migrations).await
}
