//! The organization that a session works for. Sessions outlive memberships: whoever reads this checks that the user
//! still belongs to it.

use entity::{
    member,
    prelude::{Member, Session},
    session::Column,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{Caller, Result, Transaction};

/// The organization that the caller's session works for.
#[expect(clippy::disallowed_methods, reason = "the caller's own session")]
pub(super) async fn active(db: &impl ConnectionTrait, caller: &Caller) -> Result<Option<Uuid>> {
    let active = Session::find()
        .select_only()
        .column(Column::ActiveOrganizationId)
        .filter(Column::Id.eq(caller.principal()?.session_id))
        .into_tuple::<Option<Uuid>>();
    Ok(active.one(db).await?.flatten())
}

/// Lets the caller's session work for an organization, or for none.
pub(super) async fn activate(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Option<Uuid>,
) -> Result<()> {
    let session = Column::Id.eq(caller.principal()?.session_id);
    set(tx, organization_id, session.into()).await
}

/// Ends the work of a user's sessions for an organization that the user has left.
pub(super) async fn forget(tx: &Transaction, user_id: Uuid, organization_id: Uuid) -> Result<()> {
    let sessions = Condition::all()
        .add(Column::UserId.eq(user_id))
        .add(Column::ActiveOrganizationId.eq(organization_id));
    set(tx, None, sessions).await
}

/// Ends the work for an organization that is about to be deleted. Only its members' sessions are looked at: these are
/// found by an index.
#[expect(clippy::disallowed_methods, reason = "nothing is shown of the members")]
pub(super) async fn forget_organization(tx: &Transaction, organization_id: Uuid) -> Result<()> {
    let members = Member::find()
        .select_only()
        .column(member::Column::UserId)
        .filter(member::Column::OrganizationId.eq(organization_id))
        .into_query();
    let sessions = Condition::all()
        .add(Column::UserId.in_subquery(members))
        .add(Column::ActiveOrganizationId.eq(organization_id));
    set(tx, None, sessions).await
}

#[expect(clippy::disallowed_methods, reason = "sessions are not audited: they change nothing")]
async fn set(tx: &Transaction, organization_id: Option<Uuid>, sessions: Condition) -> Result<()> {
    Session::update_many()
        .col_expr(Column::ActiveOrganizationId, Expr::value(organization_id))
        .filter(sessions)
        .exec(tx)
        .await?;
    Ok(())
}
