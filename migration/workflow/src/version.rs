//! At which version a database is: what has been applied to it, and what there is.

use std::collections::BTreeMap;

use sea_orm::DatabaseConnection;

use crate::{
    catalog::Catalog,
    history,
    rows::{Kind, Relation, is_derived},
};

/// The names of the migrations that a database has had, in their order.
///
/// # Errors
/// Those of the database.
pub async fn applied(db: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    let mut names: Vec<_> = history::read(db).await?.into_iter().map(|one| one.name).collect();
    names.sort();
    Ok(names)
}

/// What of a table counts when its rows are to fit into another: its columns, and what they hold.
pub fn shape(relation: &Relation) -> BTreeMap<&str, Kind> {
    relation.fields.iter().map(|field| (field.name.as_str(), field.kind)).collect()
}

/// How one list of names differs from another, in words; nothing if it does not.
pub fn names_differ(here: &[String], there: &[String]) -> Option<String> {
    let missing = |from: &[String], of: &[String]| {
        let names = from.iter().filter(|name| !of.contains(name)).map(String::as_str);
        names.collect::<Vec<_>>().join(", ")
    };
    let (more, less) = (missing(here, there), missing(there, here));
    let told = [("it also has", more), ("it lacks", less)];
    let told = told.iter().filter(|(_, names)| !names.is_empty());
    let told: Vec<_> = told.map(|(what, names)| format!("{what} {names}")).collect();
    (!told.is_empty()).then(|| told.join(", and "))
}

/// The tables of a catalog that hold rows of their own, without derived ones.
pub fn own_tables(catalog: &Catalog) -> Vec<String> {
    catalog.tables.keys().filter(|name| !is_derived(name)).cloned().collect()
}
