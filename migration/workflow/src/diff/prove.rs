//! Whether the steps of a migration lead where they should, seen on a database.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};
use sea_orm::{DatabaseConnection, DbBackend};
use sea_orm_migration::SchemaManager;

use super::{
    find::read,
    known::Known,
    operation::{Operation, perform},
};
use crate::{
    DatabaseUrl, catalog::Catalog, connection, definition::LONGEST, difference::differences,
    entities::Entities, history, rows::transaction, schema::all_or_nothing,
};

/// What the steps led to.
pub(super) struct Proof {
    /// What is generated then.
    pub(super) entities: Entities,
    /// What there is then, in the vocabulary.
    pub(super) known: Known,
    /// What there is then.
    pub(super) catalog: Catalog,
    /// What remains when they are undone.
    pub(super) remains: Vec<String>,
}

/// Does steps and undoes them on a scratch database.
pub(super) async fn prove(
    db: &DatabaseConnection,
    up: &[Operation],
    down: &[Operation],
) -> anyhow::Result<Proof> {
    let before = Catalog::read(db).await?;
    together(db, up).await.context("this cannot be migrated")?;
    let catalog = Catalog::read(db).await?;
    let had = names(&before);
    if let Some(name) =
        names(&catalog).into_iter().find(|name| name.len() > LONGEST && !had.contains(name))
    {
        bail!(
            "PostgreSQL would cut the name {name} off after {LONGEST} bytes: name the table or the column shorter"
        );
    }
    let (known, entities) = read(db).await?;
    let mut remains = Vec::new();
    if !down.iter().any(|one| matches!(one, Operation::Refuse(_))) {
        together(db, down).await.context("this cannot be undone")?;
        let after = Catalog::read(db).await?;
        let left = differences(&before, &after);
        remains = left.iter().map(|left| format!("the schema as it was: `{left}`")).collect();
    }
    Ok(Proof { entities, known, catalog, remains })
}

/// Whether a constraint has no name, but what it says in place of one.
fn is_definition(name: &str) -> bool {
    name.contains('(')
}

/// What things are called.
fn names(catalog: &Catalog) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (name, table) in &catalog.tables {
        names.insert(name.as_str());
        names.extend(table.columns.iter().map(|column| column.name.as_str()));
        let constraints = table.constraints.keys().filter(|name| !is_definition(name));
        names.extend(constraints.chain(table.indexes.keys()).map(String::as_str));
    }
    names
}

/// Does steps as a migration of them would: all or nothing.
pub(crate) async fn together(
    db: &DatabaseConnection,
    operations: &[Operation],
) -> anyhow::Result<()> {
    let manager = SchemaManager::new(db);
    let rebuilds = operations.iter().any(Operation::rebuilds);
    if rebuilds && db.get_database_backend() == DbBackend::Sqlite {
        let steps = async |manager: &SchemaManager<'_>| perform(operations, manager).await;
        return Ok(all_or_nothing(&manager, steps).await?);
    }
    transaction(db, async || Ok(perform(operations, &manager).await?)).await
}

/// Makes sure that a database has this already.
pub(super) async fn same(url: &DatabaseUrl, built: &Catalog) -> anyhow::Result<()> {
    let db = connection::existing(url).await?;
    let live = Catalog::read(&db).await?;
    db.close().await?;
    let differences = differences(built, &live);
    let first = differences.first().map(ToString::to_string).unwrap_or_default();
    ensure!(
        differences.is_empty(),
        "{url} does not have what the migration builds, so it cannot count as applied there:\n{first}\nLeave --adopt out, \
         and apply it with `garboard db migrate`"
    );
    Ok(())
}

/// Notes that a migration is applied.
pub(super) async fn adopt(url: &DatabaseUrl, migration: &str) -> anyhow::Result<()> {
    let db = connection::existing(url).await?;
    history::adopt(&db, migration).await?;
    Ok(db.close().await?)
}
