//! Moving a user from one organization to another. What they own in the first stays there and goes to somebody else.

use entity::{
    member,
    prelude::{Organization, Project, User},
    project,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, sea_query::LockType,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{OrganizationRole, lock, member as members};
use crate::{Caller, Error, Result, Right, Transaction, error::OrUnknown, resource::fetch, write};

/// Where a user shall belong instead, and who takes over what they leave behind.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MoveUser {
    /// The organization that the user leaves.
    pub from_organization_id: Uuid,
    /// The organization that the user joins.
    pub to_organization_id: Uuid,
    /// The member of the first organization who owns the user's projects in it from now on.
    pub new_owner_id: Uuid,
    /// What the user may do in the second organization; `member` unless said.
    pub role: Option<OrganizationRole>,
}

/// Moves a user to another organization and gives their projects in the old one, deleted ones too, to another member
/// of it. For administrators, and for who owns both organizations. Projects that are shared with the user by name
/// stay shared.
///
/// # Errors
/// `NotFound` when there is no such user; `Unknown` for organizations out of sight and for a new owner who does not
/// belong to the old one; `Forbidden` when the caller does not own them; `Invalid` when the user does not belong to
/// the first, is its only owner, or when the second is full; `Taken` when they belong to it.
pub async fn move_user(
    tx: &Transaction,
    caller: &Caller,
    user_id: Uuid,
    input: &MoveUser,
) -> Result<member::Model> {
    caller.principal()?;
    let MoveUser { from_organization_id: from, to_organization_id: to, new_owner_id, role } =
        *input;
    if from == to {
        return Err(Error::invalid("toOrganizationId", "same", "is the organization to leave"));
    }
    own_both(tx, caller, from, to).await?;
    fetch::<User>(tx, caller, user_id, Right::See).await?;
    let Some((membership, _)) = members::of_user(tx, from, user_id).await? else {
        return Err(Error::invalid(
            "fromOrganizationId",
            "member",
            "the user does not belong to it",
        ));
    };
    if members::is_only_owner(tx, &membership).await? {
        return Err(Error::invalid(
            "fromOrganizationId",
            "onlyOwner",
            "the user is its only owner",
        ));
    }
    if new_owner_id == user_id || members::of_user(tx, from, new_owner_id).await?.is_none() {
        return Err(Error::Unknown { field: "newOwnerId".to_owned() });
    }
    if members::is_full(tx, to).await? {
        return Err(Error::invalid("toOrganizationId", "full", "has as many members as it may"));
    }
    for project in projects(tx, from, user_id).await? {
        let change = project::ActiveModel { owner_id: Set(new_owner_id), ..Default::default() };
        write::update::<Project>(tx, caller, "transfer", project, change).await?;
    }
    members::end(tx, caller, "move", membership).await?;
    let roles = role.unwrap_or(OrganizationRole::Member).into();
    let joined = members::add(tx, caller, "move", to, user_id, &roles).await;
    joined.map_err(|error| match error {
        Error::Taken { .. } => Error::Taken { field: "toOrganizationId".to_owned() },
        error => error,
    })
}

/// Both organizations, locked in the order of their ids, so that two who move users to and fro do not wait for each
/// other.
async fn own_both(tx: &Transaction, caller: &Caller, from: Uuid, to: Uuid) -> Result<()> {
    let mut organizations = [(from, "fromOrganizationId"), (to, "toOrganizationId")];
    organizations.sort_unstable();
    for (id, field) in organizations {
        // Whether the caller owns it is asked when nobody else can change the answer any more.
        lock(tx, id).await?;
        fetch::<Organization>(tx, caller, id, Right::Own).await.or_unknown(field)?;
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "all that the user owns there, deleted ones included"
)]
async fn projects(
    tx: &Transaction,
    organization_id: Uuid,
    owner_id: Uuid,
) -> Result<Vec<project::Model>> {
    let projects = Project::find()
        .filter(project::Column::OrganizationId.eq(organization_id))
        .filter(project::Column::OwnerId.eq(owner_id))
        .order_by_asc(project::Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(projects.all(tx).await?)
}
