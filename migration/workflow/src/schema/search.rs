//! The side tables of searched tables.
//!
//! `_<table>_search` has the folded text of each searched column and an index on its words: PostgreSQL's `tsvector` in a
//! generated column with a GIN index, SQLite's FTS5 in a virtual table kept up by triggers. The service writes
//! it (`service::search`). No entity is generated of tables whose names begin with an underscore.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::catalog::Catalog;

/// What a side table has beside the texts of the columns.
const OF_SIDE_TABLES: [&str; 4] = ["id", "number", "version", "vector"];

fn side_table(table: &str) -> String {
    format!("_{table}_search")
}

/// The columns of `table` that are searched.
pub(crate) fn searched<'a>(catalog: &'a Catalog, table: &str) -> Vec<&'a str> {
    let side = catalog.tables.get(&side_table(table)).into_iter();
    let columns = side.flat_map(|side| &side.columns).map(|column| column.name.as_str());
    columns.filter(|name| !OF_SIDE_TABLES.contains(name)).collect()
}

/// Why a table, or a column of it, cannot go or get another name while these columns of it are searched: the side table
/// would stay as it is.
pub(crate) fn why_not(searched: &[&str], table: &str, column: Option<&str>) -> Option<String> {
    let hit = column.map_or(!searched.is_empty(), |column| searched.contains(&column));
    let what = column.map_or_else(|| table.to_owned(), |column| format!("{table}.{column}"));
    hit.then(|| {
        format!(
            "{what} is searched: in a migration of your own (`garboard db new`), call not_searchable(manager, {table:?}) \
             before, and searchable after it"
        )
    })
}

/// Makes the side table of `table`, for these of its columns, which hold text.
///
/// # Errors
/// What the database refuses, such as a table that exists.
pub async fn searchable(
    manager: &SchemaManager<'_>,
    table: &str,
    columns: &[&str],
) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite(table, columns),
        _ => postgres(table, columns),
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Drops what [`searchable`] made.
///
/// # Errors
/// What the database refuses.
pub async fn not_searchable(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Sqlite {
        connection.execute_unprepared(&format!(r#"DROP TABLE "_{table}_search_words""#)).await?;
    }
    connection.execute_unprepared(&format!(r#"DROP TABLE "_{table}_search""#)).await.map(|_| ())
}

fn postgres(table: &str, columns: &[&str]) -> Vec<String> {
    let texts = each(columns, |column| format!(r#""{column}" text COLLATE "C" NOT NULL, "#));
    let all = columns.join(r#"" || ' ' || ""#);
    vec![
        format!(
            r#"CREATE TABLE "_{table}_search" (
                "id" uuid NOT NULL CONSTRAINT "pk__{table}_search" PRIMARY KEY
                    CONSTRAINT "fk__{table}_search_id" REFERENCES "{table}" ("id") ON DELETE CASCADE,
                "version" smallint NOT NULL, {texts}
                "vector" tsvector NOT NULL GENERATED ALWAYS AS
                    (array_to_tsvector(array_remove(string_to_array("{all}", ' '), ''))) STORED)"#
        ),
        format!(
            r#"CREATE INDEX "ix__{table}_search_vector" ON "_{table}_search" USING gin ("vector")"#
        ),
    ]
}

fn each(columns: &[&str], write: impl Fn(&str) -> String) -> String {
    columns.iter().map(|column| write(column)).collect::<Vec<_>>().concat()
}

fn sqlite(table: &str, columns: &[&str]) -> Vec<String> {
    let texts = each(columns, |column| format!(r#", "{column}" text NOT NULL"#));
    let names = each(columns, |column| format!(r#", "{column}""#));
    let of = |row| each(columns, |column| format!(r#", {row}."{column}""#));
    let (old, new) = (of("old"), of("new"));
    let side = side_table(table);
    let add = format!(r#"INSERT INTO "{side}_words" ("rowid"{names}) VALUES (new."number"{new});"#);
    // How FTS5 forgets a row of a table that it has no copy of.
    let remove = format!(
        r#"INSERT INTO "{side}_words" ("{side}_words", "rowid"{names}) VALUES ('delete', old."number"{old});"#
    );
    let trigger = |event: &str, work: &str| {
        let name = event.to_lowercase();
        format!(r#"CREATE TRIGGER "{side}_{name}" AFTER {event} ON "{side}" BEGIN {work} END"#)
    };
    vec![
        format!(
            r#"CREATE TABLE "{side}" (
                "number" integer NOT NULL CONSTRAINT "pk_{side}" PRIMARY KEY,
                "id" uuid_text NOT NULL CONSTRAINT "uq_{side}_id" UNIQUE
                    CONSTRAINT "fk_{side}_id" REFERENCES "{table}" ("id") ON DELETE CASCADE,
                "version" smallint NOT NULL{texts})"#
        ),
        // The text is folded already: words of any letters with spaces between them.
        format!(
            r#"CREATE VIRTUAL TABLE "{side}_words" USING fts5({}, content='{side}', content_rowid='number', tokenize='ascii', detail=none)"#,
            columns.join(", ")
        ),
        trigger("INSERT", &add),
        trigger("DELETE", &remove),
        trigger("UPDATE", &[remove.as_str(), &add].concat()),
    ]
}
