//! The release before: while a deployment rolls, it reads and writes a schema that it does not know.

#[cfg(feature = "develop")]
mod declared;
mod release;
#[cfg(feature = "develop")]
mod source;

use anyhow::bail;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

use crate::{
    catalog::{Catalog, Column},
    definition::identifier,
    report::Report,
    rows::transaction,
    seed::{self, Origin},
};
pub use release::Release;
use release::{Known, class};
#[cfg(feature = "develop")]
pub(super) use source::root;

/// Other rows than those that are there.
const OTHERS: Origin = Origin { rand: u64::MAX, first: 1_000_000_000 };

/// What a release that worked with the schema `base` can no longer do with the schema `now`, which the database has.
pub(super) async fn problems(
    db: &DatabaseConnection,
    release: &Release,
    [base, now]: [&Catalog; 2],
    report: &Report,
) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for (table, columns) in &release.0 {
        // As an entity selects: each column by the name of its table too, or SQLite takes one that is gone for a text.
        let own = identifier(table);
        let names = columns.iter().map(|column| format!("{own}.{}", identifier(&column.name)));
        let select = format!("SELECT {} FROM {own} LIMIT 1", names.collect::<Vec<_>>().join(", "));
        if let Err(error) = db.execute_unprepared(&select).await {
            problems.push(format!("the release before cannot read {table}: {error}"));
            continue;
        }
        for column in columns {
            if let Some(why) = unreadable(db, table, column, [base, now]).await? {
                problems
                    .push(format!("the release before cannot read {table}.{}: {why}", column.name));
            }
        }
    }
    // Whoever cannot be read from cannot be written to, and it was said already.
    if problems.is_empty()
        && let Some(error) = insertion(db, &release.written(base, now), report).await?
    {
        problems.push(format!("the release before cannot insert: {error:#}"));
    }
    Ok(problems)
}

/// Why what a column holds is no longer what an entity expects. What has not changed it copes with, as it does today.
async fn unreadable(
    db: &DatabaseConnection,
    table: &str,
    known: &Known,
    catalogs: [&Catalog; 2],
) -> Result<Option<String>, DbErr> {
    let [before, now] = catalogs
        .map(|catalog| catalog.tables.get(table).and_then(|table| table.column(&known.name)));
    let Some(now) = now else { return Ok(None) };
    let backend = db.get_database_backend();
    if before.is_none_or(|before| before.kind != now.kind) {
        let class_of = |column: &Column| class(&column.kind, backend);
        let expected = known.class.clone().or_else(|| before.and_then(class_of));
        if let (Some(expected), Some(held)) = (expected, class_of(now))
            && expected != held
        {
            let kind = &now.kind;
            return Ok(Some(format!("it expects {expected}, and the column is {kind} now")));
        }
    }
    if known.nullable || !now.nullable || before.is_some_and(|before| before.nullable) {
        return Ok(None);
    }
    let name = identifier(&known.name);
    let nulls = format!("SELECT 1 FROM {} WHERE {name} IS NULL LIMIT 1", identifier(table));
    let null = db.query_one_raw(Statement::from_string(backend, nulls)).await?;
    Ok(null.map(|_| "it expects a value, and some rows have none".to_owned()))
}

/// Inserts a row into each of these tables, and takes them back.
async fn insertion(
    db: &DatabaseConnection,
    tables: &Catalog,
    report: &Report,
) -> anyhow::Result<Option<anyhow::Error>> {
    let mut outcome = None;
    let undone = transaction(db, async || {
        outcome = seed::insert(db, tables, 1, OTHERS, report).await.err();
        bail!("these rows are not to stay")
    });
    let _: Result<(), _> = undone.await;
    Ok(outcome)
}
