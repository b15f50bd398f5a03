//! Projects: owned by a user, perhaps within an organization, shared with members. The model for every other
//! resource; read it first.

pub mod project_member;
pub mod task;
pub mod theme;

use std::collections::HashMap;

use entity::{
    prelude::{Organization, Project, Task, Theme, User},
    project::{ActiveModel, Column, Model},
    task as task_table,
};
use sea_orm::{
    ActiveEnum,
    ActiveValue::NotSet,
    ColumnTrait, Condition, ConnectionTrait, DeriveActiveEnum, EnumIter, Set,
    sea_query::{Expr, ExprTrait, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use self::{project_member::MemberRole, task::NewTask};
use crate::{
    Audited, Caller, Page, Principal, Record, Resource, Result, Right, Transaction, Writable,
    error::OrUnknown,
    field::Field,
    organization::{self, OrganizationRole},
    query::{self, ListQuery},
    resource::{self, fetch, present, refer, some_objects},
    scope::{Scope, Shape},
    table::{RelationField, Table},
    write,
};

/// How a project stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub enum ProjectStatus {
    /// Being worked on.
    Active,
    /// Resting.
    Inactive,
    /// Put away: see [`archive`].
    Archived,
}

/// A new project. Its owner is the caller.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateProject {
    /// What it is called.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// What it is about.
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// Whom it is for.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub client_name: Option<String>,
    /// `active` unless said.
    pub status: Option<ProjectStatus>,
    /// Whether everyone signed in sees it; `false` unless said.
    pub is_public: Option<bool>,
    /// An organization that the caller belongs to.
    pub organization_id: Option<Uuid>,
    /// How it looks.
    pub theme_id: Option<Uuid>,
    /// Tasks to begin with.
    #[serde(default, deserialize_with = "some_objects")]
    #[validate(length(max = 100), nested)]
    #[schema(max_items = 100)]
    pub tasks: Option<Vec<NewTask>>,
}

/// A change to a project (JSON merge patch).
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateProject {
    /// What it is called.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub name: Option<String>,
    /// What it is about.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000, value_type = Option<String>)]
    pub description: Option<Option<String>>,
    /// Whom it is for.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255, value_type = Option<String>)]
    pub client_name: Option<Option<String>>,
    /// How it stands.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub status: Option<ProjectStatus>,
    /// Whether everyone signed in sees it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub is_public: Option<bool>,
    /// The organization it belongs to. Only who owns the project may change it: its owners own the project too.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub organization_id: Option<Option<Uuid>>,
    /// How it looks.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    pub theme_id: Option<Option<Uuid>>,
}

/// Who shall own a project.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferProject {
    /// The new owner.
    pub new_owner_id: Uuid,
}

/// The projects that the caller sees, counted by status.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ProjectStats {
    /// All of them.
    pub total: u64,
    /// Those being worked on.
    pub active: u64,
    /// Those resting.
    pub inactive: u64,
    /// Those put away.
    pub archived: u64,
}

/// A project with the number of its tasks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskCount {
    /// The project.
    pub project: Record,
    /// How many tasks it has.
    pub task_count: u64,
}

impl Resource for Project {
    const PATH: &'static str = "projects";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::Name).filter().sort().aggregate().search(),
        Field::of(Column::Description).filter().search(),
        Field::of(Column::ClientName).filter().sort().aggregate().search(),
        Field::of(Column::Status).filter().sort().aggregate().one_of::<ProjectStatus>(),
        Field::of(Column::IsPublic).filter().aggregate(),
        Field::of(Column::OwnerId).filter().aggregate(),
        Field::of(Column::OrganizationId).filter().aggregate(),
        Field::of(Column::ThemeId).filter().aggregate(),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[
        RelationField::to::<User>("owner"),
        RelationField::to::<Organization>("organization"),
        RelationField::to::<Theme>("theme"),
        RelationField::to::<Task>("tasks"),
        RelationField::to::<entity::prelude::ProjectMember>("members"),
    ];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        match right {
            Right::Own => Scope::only(Column::OwnerId.eq(user.id)).or(Column::OrganizationId
                .in_subquery(organization::with_role(user, &[OrganizationRole::Owner]))),
            Right::Edit => Scope::only(Column::OwnerId.eq(user.id))
                .or(Column::OrganizationId.in_subquery(organization::with_role(
                    user,
                    &[OrganizationRole::Owner, OrganizationRole::Admin],
                )))
                .or(Column::Id
                    .in_subquery(project_member::projects_of(user, Some(MemberRole::Editor)))),
            Right::See => Scope::only(Column::OwnerId.eq(user.id))
                .or_shared(Column::IsPublic.eq(true))
                .or(Column::OrganizationId.in_subquery(organization::of(user)))
                .or(Column::Id.in_subquery(project_member::projects_of(user, None))),
        }
    }
}

/// The projects that the user owns, alone or as an owner of their organization.
pub(crate) fn owned_by(user: &Principal) -> Condition {
    Project::scope(user, Right::Own).condition(Table::of::<Project>(), Shape::Row)
}

impl Audited for Project {
    fn root(row: &Model) -> Uuid {
        row.id
    }
}

impl Writable for Project {
    type Create = CreateProject;
    type Update = UpdateProject;

    async fn new_row(
        tx: &Transaction,
        caller: &Caller,
        input: &CreateProject,
    ) -> Result<ActiveModel> {
        let owner = caller.principal()?;
        check_references(tx, caller, input.organization_id, input.theme_id).await?;
        Ok(ActiveModel {
            owner_id: Set(owner.id),
            organization_id: Set(input.organization_id),
            theme_id: Set(input.theme_id),
            name: Set(input.name.clone()),
            client_name: Set(input.client_name.clone()),
            description: Set(input.description.clone()),
            status: Set(input.status.unwrap_or(ProjectStatus::Active).to_value()),
            is_public: Set(input.is_public.unwrap_or_default()),
            deleted_at: Set(None),
            ..Default::default()
        })
    }

    async fn changes(
        tx: &Transaction,
        caller: &Caller,
        before: &Model,
        input: &UpdateProject,
    ) -> Result<ActiveModel> {
        if input
            .organization_id
            .is_some_and(|organization_id| organization_id != before.organization_id)
        {
            fetch::<Project>(tx, caller, before.id, Right::Own).await?;
        }
        check_references(tx, caller, input.organization_id.flatten(), input.theme_id.flatten())
            .await?;
        Ok(ActiveModel {
            organization_id: input.organization_id.map_or(NotSet, Set),
            theme_id: input.theme_id.map_or(NotSet, Set),
            name: input.name.clone().map_or(NotSet, Set),
            client_name: input.client_name.clone().map_or(NotSet, Set),
            description: input.description.clone().map_or(NotSet, Set),
            status: input.status.map_or(NotSet, |status| Set(status.to_value())),
            is_public: input.is_public.map_or(NotSet, Set),
            ..Default::default()
        })
    }

    /// The project and its first tasks, all or nothing.
    async fn create_row(tx: &Transaction, caller: &Caller, input: &CreateProject) -> Result<Model> {
        let row = Self::new_row(tx, caller, input).await?;
        let project = write::insert::<Project>(tx, caller, "create", row).await?;
        if let Some(tasks) = &input.tasks {
            let rows = tasks.iter().map(|task| task.row(project.id)).collect();
            write::insert_many::<Task>(tx, caller, "create", rows).await?;
        }
        Ok(project)
    }

    /// One step back: a deleted project is there again as it was; an archived one is active.
    async fn restore_row(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Model> {
        let before = resource::fetch_deleted::<Project>(tx, caller, id).await?;
        let restored = if before.deleted_at.is_some() {
            ActiveModel { deleted_at: Set(None), ..Default::default() }
        } else if before.status == ProjectStatus::Archived.to_value() {
            ActiveModel { status: Set(ProjectStatus::Active.to_value()), ..Default::default() }
        } else {
            return Ok(before);
        };
        write::update::<Project>(tx, caller, "restore", before, restored).await
    }
}

async fn check_references(
    tx: &Transaction,
    caller: &Caller,
    organization_id: Option<Uuid>,
    theme_id: Option<Uuid>,
) -> Result<()> {
    if let Some(id) = organization_id {
        refer::<Organization>(tx, caller, id, Right::See).await.or_unknown("organizationId")?;
    }
    if let Some(id) = theme_id {
        refer::<Theme>(tx, caller, id, Right::See).await.or_unknown("themeId")?;
    }
    Ok(())
}

/// Gives the project to another user. The audit row holds the owner before and after.
///
/// # Errors
/// Those of `fetch`; `Unknown` when there is no such user.
pub async fn transfer(
    tx: &Transaction,
    caller: &Caller,
    id: Uuid,
    input: &TransferProject,
) -> Result<Model> {
    let before = fetch::<Project>(tx, caller, id, Right::Own).await?;
    refer::<User>(tx, caller, input.new_owner_id, Right::See).await.or_unknown("newOwnerId")?;
    let change = ActiveModel { owner_id: Set(input.new_owner_id), ..Default::default() };
    write::update::<Project>(tx, caller, "transfer", before, change).await
}

/// Puts the project away. [`Writable::restore_row`] brings it back.
///
/// # Errors
/// Those of `fetch`.
pub async fn archive(tx: &Transaction, caller: &Caller, id: Uuid) -> Result<Model> {
    let before = fetch::<Project>(tx, caller, id, Right::Edit).await?;
    let change =
        ActiveModel { status: Set(ProjectStatus::Archived.to_value()), ..Default::default() };
    write::update::<Project>(tx, caller, "archive", before, change).await
}

/// Counts what the caller sees, in one statement.
///
/// # Errors
/// `Unauthenticated` for the public; those of the database.
pub async fn stats(db: &impl ConnectionTrait, caller: &Caller) -> Result<ProjectStats> {
    caller.principal()?;
    let table = Table::of::<Project>();
    let select = Query::select()
        .column((table.name, "status"))
        .expr(Expr::col((table.name, "id")).count())
        .from(table.name)
        .cond_where(table.visible(caller, Right::See, Shape::Set))
        .group_by_col((table.name, "status"))
        .take();
    let mut stats = ProjectStats::default();
    for row in db.query_all(&select).await? {
        let (status, count): (String, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let count = u64::try_from(count).unwrap_or_default();
        match ProjectStatus::try_from_value(&status)? {
            ProjectStatus::Active => stats.active = count,
            ProjectStatus::Inactive => stats.inactive = count,
            ProjectStatus::Archived => stats.archived = count,
        }
        stats.total += count;
    }
    Ok(stats)
}

/// A page of projects, each with the number of its tasks; without a sort, the newest first.
///
/// # Errors
/// `Unauthenticated` for the public; `BadQuery`; those of the database.
pub async fn task_counts(
    tx: &Transaction,
    caller: &Caller,
    query: &ListQuery,
) -> Result<Page<TaskCount>> {
    caller.principal()?;
    let page = query::list(tx, caller, Table::of::<Project>(), query).await?;
    let ids: Vec<_> = page.items.iter().filter_map(Record::id).collect();
    let select = Query::select()
        .column(task_table::Column::ProjectId)
        .expr(Expr::col(task_table::Column::Id).count())
        .from(Table::of::<Task>().name)
        .and_where(task_table::Column::ProjectId.is_in(ids))
        .group_by_col(task_table::Column::ProjectId)
        .take();
    let mut counts = HashMap::new();
    for row in tx.query_all(&select).await? {
        let (id, count): (Uuid, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        counts.insert(id, u64::try_from(count).unwrap_or_default());
    }
    Ok(page.map(|project| {
        let task_count = project.id().and_then(|id| counts.get(&id).copied()).unwrap_or_default();
        TaskCount { project, task_count }
    }))
}
