//! What a database has at one moment, to be compared with another.

use std::collections::BTreeMap;

use sea_orm::DatabaseConnection;

use crate::{
    catalog::Catalog,
    rows::{Checksum, Relation, checksum},
};

/// A schema, and the rows of the tables that another one had, as far as that one had their columns.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) catalog: Catalog,
    pub(super) rows: BTreeMap<String, Checksum>,
}

impl State {
    /// Of the rows, what was in `base` is looked at: of each of its tables that is still there, the columns that are.
    pub(super) async fn read(
        db: &DatabaseConnection,
        base: Option<&Catalog>,
    ) -> anyhow::Result<Self> {
        let catalog = Catalog::read(db).await?;
        let mut rows = BTreeMap::new();
        for (name, was) in &base.unwrap_or(&catalog).tables {
            let Some(table) = catalog.tables.get(name) else { continue };
            let Some(mut relation) = Relation::of(name, table, db.get_database_backend()) else {
                continue;
            };
            relation.fields.retain(|field| was.column(&field.name).is_some());
            rows.insert(name.clone(), checksum(db, &relation, |_| ()).await?);
        }
        Ok(Self { catalog, rows })
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> u64 {
        self.rows.values().map(|checksum| checksum.rows).sum()
    }
}
