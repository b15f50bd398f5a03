//! Whether rows may be copied at all: from one database to another one, of the same version.

use anyhow::{Context, bail};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

use crate::{
    DatabaseUrl,
    catalog::Catalog,
    rows::{Relation, is_derived, relations},
    version::{applied, names_differ, own_tables, shape},
};

/// What stays the same of a database from one run to the next: its address without options and password.
pub(super) fn identity(url: &DatabaseUrl) -> anyhow::Result<String> {
    match url.sqlite_file() {
        Some(path) => {
            // Connecting to a file that is not there would make it.
            let path = path.canonicalize();
            Ok(path
                .with_context(|| {
                    format!("there is no database {url}: `garboard db migrate` makes one")
                })?
                .display()
                .to_string())
        }
        None => Ok(url.to_string().split('?').next().unwrap_or_default().to_owned()),
    }
}

/// Refuses to copy a database to itself, under whatever names it is reached.
pub(super) async fn must_be_two(
    source: &DatabaseConnection,
    target: &DatabaseConnection,
) -> anyhow::Result<()> {
    let [one, other] = [which(source).await?, which(target).await?];
    if one.is_some() && one == other {
        bail!("--from and --to are the same database");
    }
    Ok(())
}

/// What no two databases share; nothing for SQLite, whose file [`identity`] tells.
async fn which(db: &DatabaseConnection) -> anyhow::Result<Option<String>> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(None);
    }
    let sql =
        "SELECT concat_ws(' ', pg_postmaster_start_time(), current_database(), current_schema())";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The tables of the source, for those of the target; or why the two are not of the same version.
pub(super) async fn same_version(
    source: (&DatabaseConnection, &Catalog),
    target: (&DatabaseConnection, &Catalog),
) -> anyhow::Result<Vec<Relation>> {
    let advice = "bring both to the same version with `garboard db migrate`";
    if let Some(told) = names_differ(&applied(target.0).await?, &applied(source.0).await?) {
        bail!("the target is at another version of the schema: {told}; {advice}");
    }
    if let Some(told) = names_differ(&own_tables(target.1), &own_tables(source.1)) {
        bail!("the target has not the tables of the source: {told}; {advice}");
    }
    let here = relations(source.1, source.0.get_database_backend());
    let here: Vec<_> = here.into_iter().filter(|relation| !is_derived(&relation.name)).collect();
    let there = relations(target.1, target.0.get_database_backend());
    for from in &here {
        let to = there.iter().find(|relation| relation.name == from.name);
        let to = to.with_context(|| format!("{} holds no rows in the target", from.name))?;
        for (column, kind) in shape(from) {
            match shape(to).get(column) {
                Some(other) if *other == kind => {}
                Some(other) => bail!(
                    "{}.{column} is a {kind} in the source, but a {other} in the target",
                    from.name
                ),
                None => bail!("the target has no column {}.{column}; {advice}", from.name),
            }
        }
        if shape(from).len() < shape(to).len() {
            bail!("the target has columns of {} that the source has not; {advice}", from.name);
        }
    }
    Ok(here)
}
