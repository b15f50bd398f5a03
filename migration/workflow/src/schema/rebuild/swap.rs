//! A new table takes the place of an old one.

use std::collections::BTreeMap;

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use crate::definition::identifier;

use super::{
    definition::{Definition, mentions},
    edit::Edited,
    number, rows, set_pragma, sound,
};
use crate::schema::change::{Change, Step};

/// A table as it is.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) definition: Definition,
}

impl Table {
    /// Reads what SQLite keeps of a table.
    pub(super) async fn read(tx: &impl ConnectionTrait, name: &str) -> Result<Self, DbErr> {
        let sql =
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE";
        let found = rows(tx, sql, [name.into()]).await?;
        let row =
            found.first().ok_or_else(|| DbErr::Custom(format!("there is no table {name}")))?;
        let (name, sql): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let definition = Definition::parse(&sql)
            .filter(|_| {
                sql.trim_start()
                    .get(..12)
                    .is_some_and(|start| start.eq_ignore_ascii_case("CREATE TABLE"))
            })
            .ok_or_else(|| {
                DbErr::Custom(format!("{name} is no table that can be rebuilt: {sql}"))
            })?;
        Ok(Self { name, definition })
    }

    /// The tables that refer to it; it may be one of them.
    pub(super) async fn children(&self, tx: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
        let sql = "SELECT DISTINCT child.name FROM sqlite_schema child, pragma_foreign_key_list(child.name) reference
            WHERE child.type = 'table' AND reference.\"table\" = ? COLLATE NOCASE ORDER BY 1";
        let found = rows(tx, sql, [self.name.as_str().into()]).await?;
        found.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// How many rows, of it and of these tables, refer to rows that are not there: by table and table referred to.
    pub(super) async fn violations(
        &self,
        tx: &impl ConnectionTrait,
        children: &[String],
    ) -> Result<BTreeMap<(String, String), i64>, DbErr> {
        let mut violations = BTreeMap::new();
        let others = children.iter().filter(|child| **child != self.name);
        for table in others.chain([&self.name]) {
            let sql = "SELECT parent, count(*) FROM pragma_foreign_key_check(?) GROUP BY parent";
            for row in rows(tx, sql, [table.as_str().into()]).await? {
                let parent = row.try_get_by_index(0)?;
                violations.insert((table.clone(), parent), row.try_get_by_index(1)?);
            }
        }
        Ok(violations)
    }

    /// Puts a table of the new definition, with the rows, indexes, triggers and counter of the old one, in its place.
    pub(super) async fn swap(
        &self,
        tx: &impl ConnectionTrait,
        change: &Change,
        edited: &Edited,
    ) -> Result<(), DbErr> {
        let new = format!("_rebuild_{}", self.name);
        let (quoted_new, quoted_old) = (identifier(&new), identifier(&self.name));
        let belongings = self.belongings(tx).await?;
        let counter = self.counter(tx).await?;
        tx.execute_unprepared(&format!("CREATE TABLE {quoted_new} {}", edited.definition)).await?;
        self.copy(tx, &new, edited).await?;
        tx.execute_unprepared(&format!("DROP TABLE {quoted_old}")).await?;
        // Or else SQLite would look for the old table in every view and trigger, before the new one has its name.
        set_pragma(tx, "legacy_alter_table", 1).await?;
        tx.execute_unprepared(&format!("ALTER TABLE {quoted_new} RENAME TO {quoted_old}")).await?;
        set_pragma(tx, "legacy_alter_table", 0).await?;
        if let Some(counter) = counter {
            let name = self.name.as_str();
            rows(tx, "DELETE FROM sqlite_sequence WHERE name = ?", [name.into()]).await?;
            let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)";
            rows(tx, sql, [name.into(), counter.into()]).await?;
        }
        for (kind, sql) in belongings {
            let parts = sql.find('(').and_then(|open| sql.get(open..)).unwrap_or_default();
            let told = if kind == "index" { parts } else { sound::columns_of_event(&sql) };
            let gone = change.steps.iter().find_map(|step| match step {
                Step::DropColumn(column) if mentions(told, column) => Some(*column),
                _ => None,
            });
            match gone {
                None => tx.execute_unprepared(&sql).await.map(|_| ())?,
                Some(_) if kind == "index" => {}
                Some(column) => {
                    let name = &self.name;
                    let why = format!("a trigger waits for the column {column} of {name}: {sql}");
                    return Err(DbErr::Custom(why));
                }
            }
        }
        Ok(())
    }

    /// Its indexes and triggers, in the order in which they were made.
    async fn belongings(&self, tx: &impl ConnectionTrait) -> Result<Vec<(String, String)>, DbErr> {
        let sql = "SELECT type, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
            AND tbl_name = ? COLLATE NOCASE ORDER BY rowid";
        let found = rows(tx, sql, [self.name.as_str().into()]).await?;
        found.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// How far AUTOINCREMENT has counted.
    async fn counter(&self, tx: &impl ConnectionTrait) -> Result<Option<i64>, DbErr> {
        let there = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'";
        if number(tx, there, []).await? != Some(1) {
            return Ok(None);
        }
        number(tx, "SELECT seq FROM sqlite_sequence WHERE name = ?", [self.name.as_str().into()])
            .await
    }

    async fn copy(
        &self,
        tx: &impl ConnectionTrait,
        new: &str,
        edited: &Edited,
    ) -> Result<(), DbErr> {
        let kept: Vec<_> = edited.definition.columns().map(|name| name.to_lowercase()).collect();
        // Columns that are computed are computed again.
        let sql = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid";
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for row in rows(tx, sql, [self.name.as_str().into()]).await? {
            let name: String = row.try_get_by_index(0)?;
            if kept.contains(&name.to_lowercase()) {
                values.push(
                    edited.from.get(&name.to_lowercase()).cloned().unwrap_or(identifier(&name)),
                );
                names.push(identifier(&name));
            }
        }
        // Others may know a row by its number: an index of words, for instance.
        let sql = "SELECT count(*) FROM pragma_table_list t WHERE t.schema = 'main' AND t.name = ?1 AND t.wr = 0 AND NOT EXISTS
            (SELECT 1 FROM pragma_table_xinfo(?1) c WHERE c.name = 'rowid' COLLATE NOCASE)";
        if number(tx, sql, [self.name.as_str().into()]).await? == Some(1) {
            names.insert(0, "rowid".to_owned());
            values.insert(0, "rowid".to_owned());
        }
        let (new_table, old) = (identifier(new), identifier(&self.name));
        let into = format!(
            "INTO {new_table} ({}) SELECT {} FROM {old}",
            names.join(", "),
            values.join(", ")
        );
        if let Err(error) = tx.execute_unprepared(&format!("INSERT {into}")).await {
            let all =
                number(tx, &format!("SELECT count(*) FROM {old}"), []).await?.unwrap_or_default();
            tx.execute_unprepared(&format!("DELETE FROM {new_table}")).await?;
            // Fails as well where not even this may pass over a row, such as one of another type in a strict table.
            let passed = tx.execute_unprepared(&format!("INSERT OR IGNORE {into}")).await;
            let fit =
                passed.map_or(0, |passed| i64::try_from(passed.rows_affected()).unwrap_or(all));
            let error = error.to_string().replace(new, &self.name);
            return Err(DbErr::Custom(format!(
                "{} of the {all} rows of the table {} do not fit its new form: {error}",
                all - fit,
                self.name
            )));
        }
        for (column, fits) in &edited.fits {
            let sql = format!("SELECT count(*) FROM {new_table} WHERE NOT ({fits})");
            if let Some(count @ 1..) = number(tx, &sql, []).await? {
                return Err(DbErr::Custom(format!(
                    "{count} rows of the table {} have a {column} that is not of its new type: give `column_from` an \
                     expression that makes it so",
                    self.name
                )));
            }
        }
        Ok(())
    }
}
