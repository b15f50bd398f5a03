//! Bringing in the users of a Better Auth database: people, the ways they sign in, their organizations.
//!
//! The other database is read in one snapshot and never written. What is read is stored batch by batch, each in a
//! transaction of its own, so that a server goes on serving meanwhile; an import that was interrupted is run again. A
//! row that was brought in before is left as it is now: ids are the same each time ([`id_of`]), so it is known again.

mod account;
mod foreign;
mod organization;
mod row;
mod sort;
mod trail;
mod user;

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};

use sea_orm::{
    ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, Iterable, ModelTrait, QueryFilter,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::{Builder, Uuid};

use self::{
    foreign::{Foreign, Kind},
    row::Row,
    sort::{Keys, Sorted},
};
use crate::{Caller, Database, Error, Result, Transaction};

/// How many rows are read, and stored, at a time.
const BATCH: usize = 500;

/// Why nothing more is brought in.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The other database cannot be read.
    #[error("cannot read the other database")]
    Foreign(#[from] DbErr),
    /// It is none of Better Auth.
    #[error("there is no table \"{0}\" there, as Better Auth makes it")]
    NoTable(&'static str),
    /// This database cannot be read or written.
    #[error(transparent)]
    Own(Error),
}

/// What became of everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// People.
    pub users: Tally,
    /// Their passwords, and their accounts elsewhere.
    pub accounts: Tally,
    /// Organizations.
    pub organizations: Tally,
    /// Who belongs to which.
    pub members: Tally,
    /// What was left out of the rows that were brought in, and how often.
    pub notes: BTreeMap<&'static str, u64>,
}

/// What became of the rows of a table.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// All of them.
    pub found: u64,
    /// Those that are new here.
    pub imported: u64,
    /// Those that were here already, and are the same.
    pub already_there: u64,
    /// Those that were here already, and have changed here or there. They were left as they are.
    pub different: Vec<Different>,
    /// Those that cannot be here.
    pub skipped: Vec<Skipped>,
}

/// A row that is not here what it is there.
#[derive(Clone, Debug, Serialize)]
pub struct Different {
    /// Its id there.
    pub id: String,
    /// In which columns.
    pub columns: Vec<&'static str>,
}

/// A row that was not brought in.
#[derive(Clone, Debug, Serialize)]
pub struct Skipped {
    /// Its id there.
    pub id: String,
    /// Why not.
    pub reason: String,
}

/// Brings in what is in the database at `url`; with `dry_run`, only reports what that would do.
///
/// # Errors
/// When either database fails; what was stored until then stays.
pub async fn better_auth(
    database: &Database,
    url: &str,
    dry_run: bool,
) -> Result<Report, ImportError> {
    let foreign = Foreign::open(url).await?;
    let mut import =
        Import { database, foreign, caller: Caller::system(), dry_run, known: Known::default() };
    let users = import.table::<entity::prelude::User>().await?;
    let users = users.ok_or(ImportError::NoTable("user"))?;
    let accounts = import.table::<entity::prelude::Account>().await?;
    let accounts = accounts.ok_or(ImportError::NoTable("account"))?;
    // The tables of a plugin: not everybody has them.
    let organizations = import.table::<entity::prelude::Organization>().await?.unwrap_or_default();
    let members = import.table::<entity::prelude::Member>().await?.unwrap_or_default();
    import.known.note_ownerless();
    Ok(Report { users, accounts, organizations, members, notes: import.known.notes })
}

/// The id here of a row there: its own if that is a UUID, else one made of it.
fn id_of(table: &str, id: &str) -> Uuid {
    Uuid::parse_str(id).unwrap_or_else(|_other| {
        let hash = Sha256::new_with_prefix("better-auth\0").chain_update(table);
        let hash = hash.chain_update("\0").chain_update(id).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = hashed);
        Builder::from_custom_bytes(bytes).into_uuid()
    })
}

/// What the rows that come later need to know of those before.
#[derive(Default)]
struct Known {
    /// The rows that are here, now or before, by the table's name there.
    rows: HashMap<&'static str, HashSet<Uuid>>,
    /// The organizations that have an owner.
    owned: HashSet<Uuid>,
    /// The rows that were not here before this run.
    new: HashSet<(&'static str, Uuid)>,
    notes: BTreeMap<&'static str, u64>,
}

impl Known {
    /// The id here of a row that this one belongs to.
    fn parent(&self, table: &'static str, id: &str) -> Result<Uuid, String> {
        let here = id_of(table, id);
        let known = self.rows.get(table).is_some_and(|rows| rows.contains(&here));
        if known { Ok(here) } else { Err(format!("its {table} {id:?} was not brought in")) }
    }

    /// Nobody but an owner can let others own an organization.
    fn note_ownerless(&mut self) {
        let all = self.rows.get("organization").into_iter().flatten();
        for _ in 0..all.filter(|id| !self.owned.contains(*id)).count() {
            self.note("organizations that have no owner here");
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.notes.entry(what).or_default() += 1;
    }
}

/// A table that is brought in.
trait Imported: EntityTrait<Model: IntoActiveModel<Self::ActiveModel> + Clone> {
    /// Its name there.
    const TABLE: &'static str;
    /// The columns that are read there.
    const COLUMNS: &'static [(&'static str, Kind)];
    /// What no two rows have in common here, and what is said of a row that has.
    const KEYS: &'static [(&'static [Self::Column], &'static str)];
    /// By what a row that has the same id here is known to be the same one, and not another.
    const IDENTITY: &'static [Self::Column];
    /// What is compared of a row that is here already.
    const COMPARED: &'static [Self::Column];
    /// The table whose audit trail tells whether a row that is not here may come.
    const AUDITED: &'static str = Self::TABLE;

    fn id(row: &Self::Model) -> Uuid;

    /// The id under which that is audited.
    fn audited(row: &Self::Model) -> Uuid {
        Self::id(row)
    }

    /// Why a row that is not here may not come, after all that was `done` here. With `is_new`, what is audited came in
    /// this run.
    fn refusal(done: Option<&HashSet<String>>, _is_new: bool) -> Option<&'static str> {
        done.map(|_| "it was here before, and was removed")
    }

    /// The row as it is to be here, or why it cannot be.
    fn read(row: &Row, known: &mut Known) -> Result<Self::Model, String>;

    async fn store(tx: &Transaction, caller: &Caller, rows: Vec<Self::Model>) -> Result<()>;
}

struct Import<'a> {
    database: &'a Database,
    foreign: Foreign,
    caller: Caller,
    dry_run: bool,
    known: Known,
}

/// A row from there, with its id there.
type Arrival<E> = (String, <E as EntityTrait>::Model);

impl Import<'_> {
    /// Brings in a table; `None` if it is not there.
    async fn table<E: Imported + 'static>(&mut self) -> Result<Option<Tally>, ImportError> {
        let Some(mut rows) = self.foreign.rows(E::TABLE, E::COLUMNS).await? else {
            return Ok(None);
        };
        let (mut tally, taken) = (Tally::default(), Rc::default());
        loop {
            let batch = rows.next(&mut self.foreign).await?;
            if batch.is_empty() {
                return Ok(Some(tally));
            }
            let mut arrivals = Vec::with_capacity(batch.len());
            for row in &batch {
                tally.found += 1;
                match E::read(row, &mut self.known) {
                    Ok(model) => arrivals.push((row.id(), model)),
                    Err(reason) => tally.skipped.push(Skipped { id: row.id(), reason }),
                }
            }
            self.store::<E>(arrivals, &mut tally, &taken).await?;
        }
    }

    /// Stores what is new of a batch. `taken` are the keys of the rows that were new before.
    async fn store<E: Imported + 'static>(
        &mut self,
        arrivals: Vec<Arrival<E>>,
        tally: &mut Tally,
        taken: &Rc<RefCell<Keys>>,
    ) -> Result<(), ImportError> {
        let (caller, before) = (self.caller.clone(), Rc::clone(taken));
        let dry_run = self.dry_run;
        let parents = arrivals.iter().map(|(_, row)| (E::AUDITED, E::audited(row)));
        let new: HashSet<_> = parents.filter(|parent| self.known.new.contains(parent)).collect();
        let work = async move |tx: &Transaction| {
            let there = existing::<E>(tx, &arrivals).await?;
            let trail = trail::of::<E>(tx, &arrivals).await?;
            let mut sorted = Sorted::<E>::default();
            for (id, row) in &arrivals {
                let audited = E::audited(row);
                let is_new = new.contains(&(E::AUDITED, audited));
                let refusal = E::refusal(trail.get(&audited), is_new);
                sorted.place(id, row, refusal, &there, &before.borrow());
            }
            if !dry_run && !sorted.new.is_empty() {
                E::store(tx, &caller, sorted.new.clone()).await?;
            }
            Ok(sorted)
        };
        let stored =
            if dry_run { self.database.read(work).await } else { self.database.write(work).await };
        let sorted = stored.map_err(ImportError::Own)?;
        tally.imported += u64::try_from(sorted.new.len()).unwrap_or_default();
        tally.already_there += sorted.same;
        tally.different.extend(sorted.different);
        tally.skipped.extend(sorted.skipped);
        taken.borrow_mut().extend(sorted.taken);
        self.known.new.extend(sorted.new.iter().map(|row| (E::TABLE, E::id(row))));
        self.known.rows.entry(E::TABLE).or_default().extend(sorted.here);
        Ok(())
    }
}

/// The rows here that are among the arrivals, or have a key in common with one of them.
#[expect(clippy::disallowed_methods, reason = "an import compares with all that there is")]
async fn existing<E: Imported>(tx: &Transaction, arrivals: &[Arrival<E>]) -> Result<Vec<E::Model>> {
    let values = |column: E::Column| arrivals.iter().map(move |(_, row)| row.get(column));
    let mut any = Condition::any();
    let id = E::Column::iter().next();
    any = any.add_option(id.map(|id| id.is_in(values(id))));
    for (key, _) in E::KEYS {
        let all = key.iter().map(|column| column.is_in(values(*column)));
        any = any.add(all.fold(Condition::all(), Condition::add));
    }
    Ok(E::find().filter(any).all(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_or_made_of_the_one_there() {
        let uuid = "0197f6a2-0000-7000-8000-000000000001";
        assert_eq!(id_of("user", uuid).to_string(), uuid);
        let made = id_of("user", "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r");
        assert_eq!(made, id_of("user", "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r"));
        assert_ne!(made, id_of("user", "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26s"));
        assert_ne!(made, id_of("account", "8q4UHu0ZS7vlc3el1CqQAxFOsE2YN26r"));
        assert_eq!(made.get_version_num(), 8);
    }
}
