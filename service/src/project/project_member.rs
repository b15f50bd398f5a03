//! Members of projects: users with whom a project is shared.

use entity::{
    prelude::{Project, ProjectMember, User},
    project_member::{ActiveModel, Column, Model},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter,
    QueryFilter, QuerySelect, QueryTrait, Set, sea_query::SelectStatement,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    Audited, Caller, Error, Page, Principal, Resource, Result, Right, Transaction,
    error::OrUnknown,
    field::Field,
    query::{self, ListQuery, Part},
    resource::{fetch, refer},
    scope::Scope,
    table::{RelationField, Table},
    write,
};

/// What a member may do in a project.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub enum MemberRole {
    /// Change it and its tasks.
    Editor,
    /// See it.
    Viewer,
}

/// A user to share a project with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMember {
    /// The user.
    pub user_id: Uuid,
    /// What they may do.
    pub role: MemberRole,
}

/// A change to a membership.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateMember {
    /// What the member may do from now on.
    pub role: MemberRole,
}

impl Resource for ProjectMember {
    const PATH: &'static str = "project-members";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::ProjectId).filter(),
        Field::of(Column::UserId).filter(),
        Field::of(Column::Role).filter().sort().aggregate().one_of::<MemberRole>(),
        Field::of(Column::JoinedAt).filter().sort(),
    ];
    const RELATIONS: &'static [RelationField<Self>] =
        &[RelationField::to::<Project>("project"), RelationField::to::<User>("user")];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        let scope = Scope::within::<Project>(Column::ProjectId, user, right.max_edit());
        // Members may leave.
        if right == Right::Own { scope.or(Column::UserId.eq(user.id)) } else { scope }
    }
}

impl Right {
    /// Who shares a project decides who owns it next: beyond seeing, memberships take owning the project.
    const fn max_edit(self) -> Self {
        match self {
            Self::See => Self::See,
            Self::Edit | Self::Own => Self::Own,
        }
    }
}

impl Audited for ProjectMember {
    fn root(row: &Model) -> Uuid {
        row.project_id
    }
}

/// The projects that the user is a member of, in any role or in one.
#[expect(clippy::disallowed_methods, reason = "the caller's own memberships")]
pub(crate) fn projects_of(user: &Principal, role: Option<MemberRole>) -> SelectStatement {
    let mut memberships = ProjectMember::find()
        .select_only()
        .column(Column::ProjectId)
        .filter(Column::UserId.eq(user.id));
    if let Some(role) = role {
        memberships = memberships.filter(Column::Role.eq(role.to_value()));
    }
    memberships.into_query()
}

/// A page of a project's members, each with the user.
///
/// # Errors
/// `NotFound` when the project is absent or invisible; `BadQuery`.
pub async fn members(
    tx: &Transaction,
    caller: &Caller,
    project_id: Uuid,
    query: &ListQuery,
) -> Result<Page> {
    fetch::<Project>(tx, caller, project_id, Right::See).await?;
    let condition = Column::ProjectId.eq(project_id).into();
    let part = Part { name: format!("members of {project_id}"), condition };
    list(tx, caller, query, part, "user").await
}

/// A page of the projects that a user is a member of, each with the role and when they joined.
///
/// # Errors
/// `NotFound` when there is no such user; `BadQuery`.
pub async fn memberships(
    tx: &Transaction,
    caller: &Caller,
    user_id: Uuid,
    query: &ListQuery,
) -> Result<Page> {
    fetch::<User>(tx, caller, user_id, Right::See).await?;
    let condition = Column::UserId.eq(user_id).into();
    let part = Part { name: format!("memberships of {user_id}"), condition };
    list(tx, caller, query, part, "project").await
}

async fn list(
    tx: &Transaction,
    caller: &Caller,
    query: &ListQuery,
    part: Part,
    always: &str,
) -> Result<Page> {
    let mut query = query.clone();
    if !query.include.iter().any(|name| name == always) {
        query.include.push(always.to_owned());
    }
    query::list_part(tx, caller, Table::of::<ProjectMember>(), &query, part).await
}

/// Shares the project with a user.
///
/// # Errors
/// Those of `fetch`; `Unknown` when there is no such user; `Taken` when they are a member already.
pub async fn add_member(
    tx: &Transaction,
    caller: &Caller,
    project_id: Uuid,
    input: &AddMember,
) -> Result<Model> {
    fetch::<Project>(tx, caller, project_id, Right::Own).await?;
    refer::<User>(tx, caller, input.user_id, Right::See).await.or_unknown("userId")?;
    let row = ActiveModel {
        project_id: Set(project_id),
        user_id: Set(input.user_id),
        role: Set(input.role.to_value()),
        joined_at: Set(caller.at.fixed_offset()),
        ..Default::default()
    };
    write::insert::<ProjectMember>(tx, caller, "add_member", row).await
}

/// Gives a member another role.
///
/// # Errors
/// Those of `fetch`.
pub async fn update_member(
    tx: &Transaction,
    caller: &Caller,
    project_id: Uuid,
    user_id: Uuid,
    input: &UpdateMember,
) -> Result<Model> {
    let before = member(tx, caller, project_id, user_id, Right::Edit).await?;
    let change = ActiveModel { role: Set(input.role.to_value()), ..Default::default() };
    write::update::<ProjectMember>(tx, caller, "update_member", before, change).await
}

/// Ends a membership. Members may end their own.
///
/// # Errors
/// Those of `fetch`.
pub async fn remove_member(
    tx: &Transaction,
    caller: &Caller,
    project_id: Uuid,
    user_id: Uuid,
) -> Result<()> {
    let before = member(tx, caller, project_id, user_id, Right::Own).await?;
    write::delete::<ProjectMember>(tx, caller, "remove_member", before).await
}

#[expect(clippy::disallowed_methods, reason = "only the id is read; fetch adds the scope")]
async fn member(
    db: &impl ConnectionTrait,
    caller: &Caller,
    project_id: Uuid,
    user_id: Uuid,
    right: Right,
) -> Result<Model> {
    let key =
        Condition::all().add(Column::ProjectId.eq(project_id)).add(Column::UserId.eq(user_id));
    let id = ProjectMember::find()
        .select_only()
        .column(Column::Id)
        .filter(key)
        .into_tuple::<Uuid>()
        .one(db)
        .await?;
    fetch::<ProjectMember>(db, caller, id.ok_or(Error::NotFound)?, right).await
}
