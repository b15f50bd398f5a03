//! Whether views and triggers find what they name. SQLite looks when they are used, and when a table is renamed.

use sea_orm_migration::sea_orm::{ConnectionTrait, DbErr};

use crate::definition::identifier;

use super::{rows, text::tokens};

/// What does not hold together in the schema: the views and triggers that need what there is not.
pub(super) async fn unsound(tx: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let mut found = Vec::new();
    // Renaming a table, whichever, makes SQLite read all views.
    tx.execute_unprepared("CREATE TABLE \"_rebuild\" (\"x\")").await?;
    let renamed = tx.execute_unprepared("ALTER TABLE \"_rebuild\" RENAME TO \"_rebuild_2\"").await;
    found.extend(renamed.err().map(|error| error.to_string()));
    tx.execute_unprepared("DROP TABLE IF EXISTS \"_rebuild\"").await?;
    tx.execute_unprepared("DROP TABLE IF EXISTS \"_rebuild_2\"").await?;
    // It does not look at all that triggers do; explaining a statement that fires one, does.
    let sql = "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name";
    for row in rows(tx, sql, []).await? {
        let (name, table): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let sql: String = row.try_get_by_index(2)?;
        let columns = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0";
        let columns = rows(tx, columns, [table.as_str().into()]).await?;
        let columns: Result<Vec<String>, _> = columns
            .iter()
            .map(|row| row.try_get_by_index(0).map(|name: String| identifier(&name)))
            .collect();
        let fires = firing(&sql, &identifier(&table), &columns?);
        if let Err(error) = rows(tx, &format!("EXPLAIN {fires}"), []).await {
            found.push(format!("error in trigger {name}: {error}"));
        }
    }
    Ok(found)
}

/// A statement that would fire a trigger on this table.
fn firing(trigger: &str, table: &str, columns: &[String]) -> String {
    let all = tokens(trigger);
    let event = all.iter().find(|token| token.is_one_of(&["DELETE", "INSERT", "UPDATE"]));
    if event.is_some_and(|event| event.is("DELETE")) {
        return format!("DELETE FROM {table}");
    }
    if event.is_some_and(|event| event.is("INSERT")) {
        let columns = columns.join(", ");
        return format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}");
    }
    let columns: Vec<_> = columns.iter().map(|column| format!("{column} = {column}")).collect();
    format!("UPDATE {table} SET {}", columns.join(", "))
}

/// The columns that a trigger waits for: `title` of `AFTER UPDATE OF title ON task`.
pub(super) fn columns_of_event(trigger: &str) -> &str {
    let all = tokens(trigger);
    let place =
        all.windows(2).position(|pair| matches!(pair, [a, b] if a.is("UPDATE") && b.is("OF")));
    let waits = place.and_then(|place| {
        let of = all.get(place + 2)?.at;
        let on = all.iter().skip(place).find(|token| token.is("ON"))?.at;
        trigger.get(of..on)
    });
    waits.unwrap_or_default()
}
