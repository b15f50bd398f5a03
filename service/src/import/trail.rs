//! What the audit trail says of rows that came before.

use std::collections::{HashMap, HashSet};

use entity::{audit_log::Column, prelude::AuditLog};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Arrival, Imported};
use crate::{Result, Transaction};

/// How a row is audited that was brought in.
pub(super) const IMPORT: &str = "import";

/// What was done to rows, by their ids.
pub(super) type Trail = HashMap<Uuid, HashSet<String>>;

/// What was done to the rows that decide on the arrivals, deleted ones included.
#[expect(clippy::disallowed_methods, reason = "an import compares with all that there was")]
pub(super) async fn of<E: Imported>(tx: &Transaction, arrivals: &[Arrival<E>]) -> Result<Trail> {
    let ids: HashSet<_> = arrivals.iter().map(|(_, row)| E::audited(row)).collect();
    let done = AuditLog::find().select_only().columns([Column::RowId, Column::Action]).distinct();
    let done = done.filter(Column::TableName.eq(E::AUDITED)).filter(Column::RowId.is_in(ids));
    let mut trail = Trail::new();
    for (id, action) in done.into_tuple::<(Uuid, String)>().all(tx).await? {
        trail.entry(id).or_default().insert(action);
    }
    Ok(trail)
}
