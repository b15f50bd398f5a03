//! Which columns of a row are read, and what is embedded into it.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait,
    sea_query::{Alias, Query, SelectStatement},
};

use super::{ListQuery, allowed, include, sort::Key};
use crate::{
    Caller, Error, Record, Result,
    field::{Column, Kind},
    record::uuid_of,
    table::{Relation, Table},
};

/// The columns to read, those to show first.
pub(super) struct Selection<'a> {
    shown: Arc<[&'static Column]>,
    relations: Vec<&'a Relation>,
}

impl<'a> Selection<'a> {
    /// # Errors
    /// `BadQuery` for a field or a relation that does not exist.
    pub(super) fn of(table: &'a Table, query: &ListQuery) -> Result<Self> {
        let relations = include::resolve(table, &query.include)?;
        let shown = match &query.fields {
            None => Arc::clone(&table.all),
            Some(names) => fields(table, names)?,
        };
        Ok(Self { shown, relations })
    }

    /// The names of what a record shows.
    pub(super) fn names(&self, highlight: bool) -> Vec<&'a str> {
        let columns = self.shown.iter().map(|column| &*column.name);
        let relations = self.relations.iter().map(|relation| relation.name);
        columns.chain(relations).chain(highlight.then_some("highlights")).collect()
    }

    /// The columns that a record has before the keys of the order.
    pub(super) fn width(&self) -> usize {
        self.shown.len() + self.relations.len()
    }

    /// Reads the columns, and then the keys of the order.
    pub(super) fn select(&self, table: &Table, order: &[Key]) -> SelectStatement {
        let keys = self.relations.iter().map(|relation| (table.name, Alias::new(&relation.from)));
        let shown = self.shown.iter().map(|column| (table.name, column.column));
        let order = order.iter().map(|key| key.expression.clone());
        Query::select().columns(shown).columns(keys).exprs(order).from(table.name).take()
    }

    /// Runs what [`Selection::select`] began.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn read(
        &self,
        db: &impl ConnectionTrait,
        select: &SelectStatement,
        order: &[Key],
    ) -> Result<Vec<Record>> {
        let keys = self.relations.iter().map(|_| Kind::Uuid);
        let extra: Vec<_> = keys.chain(order.iter().map(|key| key.kind)).collect();
        let rows = db.query_all(select).await?;
        Ok(rows
            .iter()
            .map(|row| Record::read(row, &self.shown, &extra))
            .collect::<Result<_, _>>()?)
    }

    /// Embeds the relations, with one statement for each.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn embed(
        &self,
        db: &impl ConnectionTrait,
        caller: &Caller,
        records: &mut [Record],
    ) -> Result<()> {
        for (index, relation) in self.relations.iter().enumerate() {
            let position = self.shown.len() + index;
            let keys: Vec<_> = records
                .iter()
                .map(|record| record.values.get(position).and_then(uuid_of))
                .collect();
            include::embed(db, caller, relation, records, &keys).await?;
        }
        Ok(())
    }
}

fn fields(table: &Table, names: &[String]) -> Result<Arc<[&'static Column]>> {
    for name in names {
        if table.column(name).is_none() {
            let known = allowed(table.columns.iter().map(|column| &*column.name));
            let message = format!("{name:?} is not a field; these are: {known}");
            return Err(Error::bad_query("fields", message));
        }
    }
    // The id is always there, and the order is the resource's own, so that the same fields give the same bytes.
    let chosen = |column: &&Column| column.column == "id" || names.contains(&column.name);
    Ok(table.columns.iter().filter(chosen).collect())
}
