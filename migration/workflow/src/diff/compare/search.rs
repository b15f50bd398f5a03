//! The search of a table: its side table is a copy that nothing renames, so it is made anew around what it is a copy of.

use crate::diff::{
    declared::{Declared, Kind},
    known::{Known, Searched},
    operation::Operation,
};

/// The steps, and around them those that keep what is searched; `known` has the names afterwards. The server
/// indexes the rows anew when it starts.
pub(super) fn around(
    operations: Vec<Operation>,
    known: &Known,
    declared: &Declared,
) -> Vec<Operation> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (name, table) in known {
        let Some(Searched { table: old, columns, renamed }) = &table.searched else { continue };
        let text = |column: &&&'static str| {
            let fields = declared.get(*name).into_iter().flat_map(|table| &table.columns);
            let mut fields = fields.filter(|field| field.name == **column);
            fields.any(|field| matches!(field.kind, Kind::Text | Kind::String(_) | Kind::OneOf(_)))
        };
        let kept: Vec<_> = renamed.iter().filter(text).copied().collect();
        if old == name && *columns == kept {
            continue;
        }
        before.push(Operation::NotSearchable(old, columns.clone()));
        if !kept.is_empty() {
            after.push(Operation::Searchable(name, kept));
        }
    }
    before.into_iter().chain(operations).chain(after).collect()
}
