//! What becomes of the rows of a batch.

use std::collections::HashSet;

use sea_orm::{ModelTrait, Value};
use uuid::Uuid;

use super::{Different, Imported, Skipped};

/// The keys of some rows, with their numbers.
pub(super) type Keys = HashSet<(usize, String)>;

/// The rows of a batch, by what becomes of them.
pub(super) struct Sorted<E: Imported> {
    pub(super) new: Vec<E::Model>,
    pub(super) same: u64,
    pub(super) different: Vec<Different>,
    pub(super) skipped: Vec<Skipped>,
    /// The ids of the rows that are here afterwards.
    pub(super) here: Vec<Uuid>,
    /// The keys of `new`.
    pub(super) taken: Keys,
}

impl<E: Imported> Default for Sorted<E> {
    fn default() -> Self {
        Self {
            new: Vec::new(),
            same: 0,
            different: Vec::new(),
            skipped: Vec::new(),
            here: Vec::new(),
            taken: Keys::new(),
        }
    }
}

impl<E: Imported> Sorted<E> {
    /// Finds out what becomes of a row. `refusal` is why it may not come if it is not here, `there` are the rows here that
    /// may be in its way, `before` the keys of those that came before.
    pub(super) fn place(
        &mut self,
        id: &str,
        row: &E::Model,
        refusal: Option<&str>,
        there: &[E::Model],
        before: &Keys,
    ) {
        let id = id.to_owned();
        if let Some(ours) = there.iter().find(|ours| E::id(ours) == E::id(row)) {
            let differ = |column: &&E::Column| ours.get(**column) != row.get(**column);
            if let Some(column) = E::IDENTITY.iter().find(differ) {
                let reason =
                    format!("a row here has its id, with another {}", name_of::<E>(column));
                self.skipped.push(Skipped { id, reason });
                return;
            }
            self.here.push(E::id(row));
            let columns: Vec<_> = E::COMPARED.iter().filter(differ).map(name_of::<E>).collect();
            if columns.is_empty() {
                self.same += 1;
            } else {
                self.different.push(Different { id, columns });
            }
            return;
        }
        if let Some(reason) = refusal {
            self.skipped.push(Skipped { id, reason: reason.to_owned() });
            return;
        }
        let mut keys = Vec::with_capacity(E::KEYS.len());
        for (number, (columns, reason)) in E::KEYS.iter().enumerate() {
            let Some(key) = key::<E>(row, columns) else { continue };
            let here =
                there.iter().any(|ours| self::key::<E>(ours, columns).as_ref() == Some(&key));
            let key = (number, key);
            if here || before.contains(&key) || self.taken.contains(&key) {
                let reason = format!("{reason}: {}", key.1);
                self.skipped.push(Skipped { id, reason });
                return;
            }
            keys.push(key);
        }
        self.taken.extend(keys);
        self.here.push(E::id(row));
        self.new.push(row.clone());
    }
}

fn name_of<E: Imported>(column: &E::Column) -> &'static str {
    use sea_orm::IdenStatic;
    column.as_str()
}

/// What the row has in the columns of a key, as text; `None` if one of them is null, which is like nothing.
fn key<E: Imported>(row: &E::Model, columns: &[E::Column]) -> Option<String> {
    let parts = columns.iter().map(|column| match row.get(*column) {
        Value::String(text) => text,
        Value::Uuid(id) => Some(id?.to_string()),
        _ => None,
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(" "))
}
