//! The source of a baseline migration.

use std::fmt::Write as _;

use sea_orm::DbBackend;

use crate::{catalog::Catalog, mend::mend};

/// The statements that make everything a catalog has, and those that drop it again, without the transaction around them.
pub(crate) fn statements(backend: DbBackend, catalog: &Catalog) -> [Vec<String>; 2] {
    let nothing = Catalog::default();
    [(catalog, &nothing), (&nothing, catalog)].map(|(expected, actual)| {
        let steps = mend(backend, expected, actual).into_iter().map(|step| step.sql);
        steps.filter(|sql| !is_frame(sql)).collect()
    })
}

/// Whether a statement is about the transaction or the connection: the migration has its own.
fn is_frame(sql: &str) -> bool {
    let statement = sql.lines().find(|line| !line.starts_with("--")).unwrap_or_default();
    ["BEGIN", "COMMIT", "PRAGMA"].iter().any(|word| statement.starts_with(word))
}

/// The migration that builds a database of this kind with these statements. `title` is its first line.
pub(super) fn render(title: &str, backend: DbBackend, [up, down]: &[Vec<String>; 2]) -> String {
    let (variant, database, other) = match backend {
        DbBackend::Sqlite => ("Sqlite", "SQLite", "PostgreSQL"),
        _ => ("Postgres", "PostgreSQL", "SQLite"),
    };
    let mut source = format!(
        r#"//! {title}

use sea_orm_migration::{{prelude::*, sea_orm::DbBackend}};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {{
    fn use_transaction(&self) -> Option<bool> {{
        Some(true)
    }}

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {{
        run(manager, UP).await
    }}

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {{
        run(manager, DOWN).await
    }}
}}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {{
    if manager.get_database_backend() != DbBackend::{variant} {{
        let why = "this schema was read from {database}: say here what {other} is to have";
        return Err(DbErr::Migration(why.to_owned()));
    }}
    for statement in statements {{
        manager.get_connection().execute_unprepared(statement).await?;
    }}
    Ok(())
}}
"#
    );
    for (name, statements) in [("UP", up), ("DOWN", down)] {
        // Writing to a String cannot fail.
        let _ = writeln!(source, "\nconst {name}: &[&str] = &[");
        for statement in statements {
            let _ = writeln!(source, "    {},", literal(statement));
        }
        source.push_str("];\n");
    }
    source
}

/// A text as Rust writes it: raw where it has to be, with as many number signs as it takes.
fn literal(text: &str) -> String {
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    let mut signs = String::new();
    while text.contains(&format!("\"{signs}")) {
        signs.push('#');
    }
    format!("r{signs}\"{text}\"{signs}")
}
