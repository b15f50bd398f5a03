//! A column that gets another name while a release runs that knows only the old one.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::{
    catalog::{Catalog, Object, ObjectKind},
    definition::identifier,
};

/// How many rows are changed at once, so that nobody waits long for one of them.
const BATCH: u32 = 10_000;

/// Gives the column `old` of `table` a second name, the column `new`, which is there already: from now on, whatever is written
/// to one of them is in the other, too. Entities have only the new one, so that the old one can be dropped in a later release.
///
/// Both have to be columns that may be null, for a release writes only the one that it knows, and `new` one without a
/// default. The rows there are keep what they have until [`copy_column`].
///
/// # Errors
/// What the database refuses.
pub async fn two_names(
    manager: &SchemaManager<'_>,
    table: &str,
    old: &str,
    new: &str,
) -> Result<(), DbErr> {
    let [own, from, to] = [table, old, new].map(identifier);
    let [update, insert] = triggers(table, old).map(|name| identifier(&name));
    let statements = match manager.get_database_backend() {
        // It cannot change a row before it is written, so the other column is written after it.
        DbBackend::Sqlite => [
            format!(
                "CREATE TRIGGER {insert} AFTER INSERT ON {own} WHEN new.{from} IS DISTINCT FROM new.{to} BEGIN
                    UPDATE {own} SET {from} = coalesce(new.{to}, new.{from}), {to} = coalesce(new.{to}, new.{from})
                    WHERE \"id\" = new.\"id\"; END"
            ),
            format!(
                "CREATE TRIGGER {update} AFTER UPDATE OF {from}, {to} ON {own} WHEN new.{from} IS DISTINCT FROM new.{to} BEGIN
                    UPDATE {own} SET {from} = iif(new.{to} IS NOT DISTINCT FROM old.{to}, new.{from}, new.{to}),
                        {to} = iif(new.{to} IS NOT DISTINCT FROM old.{to}, new.{from}, new.{to})
                    WHERE \"id\" = new.\"id\"; END"
            ),
        ],
        _ => [
            format!(
                "CREATE FUNCTION {update}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF TG_OP = 'INSERT' THEN
                        NEW.{to} := coalesce(NEW.{to}, NEW.{from});
                    ELSIF NEW.{to} IS NOT DISTINCT FROM OLD.{to} THEN
                        NEW.{to} := NEW.{from};
                    END IF;
                    NEW.{from} := NEW.{to};
                    RETURN NEW;
                END $$"
            ),
            format!(
                "CREATE TRIGGER {update} BEFORE INSERT OR UPDATE ON {own} FOR EACH ROW EXECUTE FUNCTION {update}()"
            ),
        ],
    };
    execute(manager, &statements).await
}

/// Takes back what [`two_names`] did; both columns stay.
///
/// # Errors
/// What the database refuses.
pub async fn one_name(manager: &SchemaManager<'_>, table: &str, old: &str) -> Result<(), DbErr> {
    let [update, insert] = triggers(table, old).map(|name| identifier(&name));
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => [format!("DROP TRIGGER {insert}"), format!("DROP TRIGGER {update}")],
        _ => [
            format!("DROP TRIGGER {update} ON {}", identifier(table)),
            format!("DROP FUNCTION {update}()"),
        ],
    };
    execute(manager, &statements).await
}

/// Has the column `to` hold in every row what `from` holds, some thousand rows at a time. Outside of a transaction, nobody waits
/// for more than those, and after an interruption it goes on where it was.
///
/// # Errors
/// What the database refuses, such as a value that does not fit.
pub async fn copy_column(
    manager: &SchemaManager<'_>,
    table: &str,
    from: &str,
    to: &str,
) -> Result<(), DbErr> {
    let [table, from, to] = [table, from, to].map(identifier);
    let batch = format!(
        "UPDATE {table} SET {to} = {from} WHERE \"id\" IN
            (SELECT \"id\" FROM {table} WHERE {to} IS DISTINCT FROM {from} LIMIT {BATCH})"
    );
    while manager.get_connection().execute_unprepared(&batch).await?.rows_affected() > 0 {}
    Ok(())
}

/// Whether a column has another name since [`two_names`], so that nothing but a release that runs still needs it.
pub(crate) fn is_old_name(catalog: &Catalog, table: &str, column: &str) -> bool {
    let [trigger, _] = triggers(table, column);
    let name = format!("{table}.{trigger}");
    catalog.objects.contains_key(&Object { kind: ObjectKind::Trigger, name })
}

/// What the triggers are called: for both events, or on SQLite for changes; and there for new rows.
fn triggers(table: &str, old: &str) -> [String; 2] {
    [format!("rename_{table}_{old}"), format!("rename_insert_{table}_{old}")]
}

async fn execute(manager: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
