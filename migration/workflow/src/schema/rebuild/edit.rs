//! What a change makes of the text of a table.

use std::collections::BTreeMap;

use sea_orm_migration::sea_orm::{DbBackend, DbErr};

use crate::definition::identifier;

use super::{
    clause::{self, Clause},
    definition::Definition,
};
use crate::schema::{
    change::{Change, Step, check_name, literal, text_of},
    rename::Renamed,
};

/// A table after a change.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) definition: Definition,
    /// Where values of a column come from, if not from the column itself; by its name in lower case.
    pub(super) from: BTreeMap<String, String>,
    /// What the values of a column must be to be of its type, which SQLite does not check.
    pub(super) fits: Vec<(&'static str, String)>,
    /// What should be dropped and was not there.
    pub(super) missing: Vec<String>,
}

/// The table after a change. Steps that are done already change nothing.
pub(super) fn edited(change: &Change, before: &Definition) -> Result<Edited, DbErr> {
    let mut edited = Edited {
        definition: before.clone(),
        from: BTreeMap::new(),
        fits: Vec::new(),
        missing: Vec::new(),
    };
    for step in &change.steps {
        let there = match step {
            Step::Column(column, from) => {
                if let Some(from) = from {
                    edited.from.insert(column.name.to_lowercase(), (*from).to_owned());
                }
                edited.fits.push((column.name, column.fits()));
                describe(&mut edited.definition, change.table, column)
                    .then_some(())
                    .ok_or(column.name)
            }
            Step::Nullable(name) => edit(&mut edited.definition, name, |column| {
                if column.clause("NOT").is_some() {
                    column.set_clause(&["NOT"], "NULL");
                }
            }),
            Step::NotNull(name) => edit(&mut edited.definition, name, |column| {
                column.set_clause(&["NOT", "NULL"], "NOT NULL");
            }),
            Step::Default(name, None) => {
                edit(&mut edited.definition, name, |column| column.drop_clause("DEFAULT"))
            }
            Step::Default(name, Some(value)) => {
                let text = format!("DEFAULT {}", literal(value, DbBackend::Sqlite));
                edit(&mut edited.definition, name, |column| column.set_clause(&["DEFAULT"], &text))
            }
            Step::DropColumn(name) => {
                if !edited.definition.drop_column(name) {
                    edited.missing.push(format!("column {name}"));
                }
                Ok(())
            }
            Step::Constraint(..) | Step::DropConstraint(_) | Step::Rename(_) => {
                constrain(&mut edited, step);
                Ok(())
            }
            Step::Index(..) | Step::DropIndex(..) => Ok(()),
        };
        there.map_err(|column| {
            DbErr::Custom(format!("the table {} has no column {column}", change.table))
        })?;
    }
    // The keys of a column that was renamed may have other places among the others.
    let renamed = change.steps.iter().any(|step| matches!(step, Step::Rename(_)));
    if renamed || edited.definition != *before {
        edited.definition.order_foreign_keys();
    }
    Ok(edited)
}

/// Makes, drops or renames a constraint.
fn constrain(edited: &mut Edited, step: &Step) {
    let (name, found) = match step {
        Step::Constraint(name, says) => {
            let text = Clause::of(&format!("CONSTRAINT {} {says}", identifier(name))).text;
            edited.definition.set_constraint(name, &text);
            return;
        }
        Step::DropConstraint(name) => (name, edited.definition.drop_constraint(name)),
        Step::Rename(Renamed::Constraint(old, new)) => {
            edited.definition.rename_constraint(old, new);
            return;
        }
        _ => return,
    };
    if !found {
        edited.missing.push(format!("constraint {name}"));
    }
}

fn edit<'a>(
    definition: &mut Definition,
    name: &'a str,
    edit: impl FnOnce(&mut clause::Column),
) -> Result<(), &'a str> {
    if definition.edit(name, edit) { Ok(()) } else { Err(name) }
}

/// Makes a column as a migration describes it; returns whether there is one.
fn describe(
    definition: &mut Definition,
    table: &'static str,
    column: &crate::schema::Column,
) -> bool {
    let new = text_of(table, column, DbBackend::Sqlite);
    let check = check_name(table, column.name);
    let own = definition.column(column.name);
    if own.is_some_and(|own| own.named(&check).is_none()) {
        definition.drop_constraint(&check);
    }
    definition.edit(column.name, |text| {
        text.kind.clone_from(&new.kind);
        text.set_clause(&["NOT", "NULL"], if column.null { "NULL" } else { "NOT NULL" });
        match new.clause("DEFAULT") {
            Some(default) => text.set_clause(&["DEFAULT"], &default.text),
            None => text.drop_clause("DEFAULT"),
        }
        text.set_named(&check, new.clause("CHECK"));
    })
}
