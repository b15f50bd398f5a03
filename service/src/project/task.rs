//! Tasks: what is to be done in a project. Who sees and edits the project sees and edits its tasks.

use entity::{
    prelude::{Project, Task},
    task::{ActiveModel, Column, Model},
};
use sea_orm::{ActiveValue::NotSet, Set};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    Audited, Caller, Principal, Resource, Result, Right, Transaction, Writable,
    error::OrUnknown,
    field::Field,
    resource::{objects, present, refer},
    scope::Scope,
    table::RelationField,
    write,
};

/// A task of a project that is known otherwise.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTask {
    /// What is to be done.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub title: String,
    /// More about it.
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// `false` unless said.
    pub done: Option<bool>,
    /// How long it is thought to take, in minutes; a year at most.
    #[validate(range(min = 0, max = 525_600))]
    #[schema(minimum = 0, maximum = 525_600)]
    pub estimate_minutes: Option<i64>,
}

/// A new task.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTask {
    /// The project it belongs to, which the caller may edit.
    pub project_id: Uuid,
    /// What is to be done.
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub title: String,
    /// More about it.
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// `false` unless said.
    pub done: Option<bool>,
    /// How long it is thought to take, in minutes; a year at most.
    #[validate(range(min = 0, max = 525_600))]
    #[schema(minimum = 0, maximum = 525_600)]
    pub estimate_minutes: Option<i64>,
}

/// A change to a task (JSON merge patch).
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTask {
    /// What is to be done.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255, nullable = false)]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000, value_type = Option<String>)]
    pub description: Option<Option<String>>,
    /// Whether it is done.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub done: Option<bool>,
    /// How long it is thought to take, in minutes; a year at most.
    #[serde(default, deserialize_with = "present")]
    #[validate(range(min = 0, max = 525_600))]
    #[schema(minimum = 0, maximum = 525_600, value_type = Option<i64>)]
    pub estimate_minutes: Option<Option<i64>>,
}

/// Tasks to create at once.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTasks {
    /// 1 to 10,000 tasks.
    #[serde(deserialize_with = "objects")]
    #[validate(length(min = 1, max = 10_000), nested)]
    #[schema(min_items = 1, max_items = 10_000)]
    pub tasks: Vec<NewTask>,
}

/// What became of [`CreateTasks`].
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedTasks {
    /// How many were created: all of them.
    pub created: usize,
    /// Their ids, in the order in which they were given.
    pub ids: Vec<Uuid>,
}

impl NewTask {
    pub(super) fn row(&self, project_id: Uuid) -> ActiveModel {
        row(project_id, &self.title, self.description.as_ref(), self.done, self.estimate_minutes)
    }
}

fn row(
    project_id: Uuid,
    title: &str,
    description: Option<&String>,
    done: Option<bool>,
    estimate_minutes: Option<i64>,
) -> ActiveModel {
    ActiveModel {
        project_id: Set(project_id),
        title: Set(title.to_owned()),
        description: Set(description.cloned()),
        done: Set(done.unwrap_or_default()),
        estimate_minutes: Set(estimate_minutes),
        ..Default::default()
    }
}

impl Resource for Task {
    const PATH: &'static str = "tasks";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::ProjectId).filter().aggregate(),
        Field::of(Column::Title).filter().sort().search(),
        Field::of(Column::Description).filter().search(),
        Field::of(Column::Done).filter().sort().aggregate(),
        Field::of(Column::EstimateMinutes).filter().sort().aggregate(),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[RelationField::to::<Project>("project")];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(user: &Principal, right: Right) -> Scope {
        // Whoever edits the project also deletes its tasks.
        Scope::within::<Project>(Column::ProjectId, user, right.min(Right::Edit))
    }
}

impl Audited for Task {
    fn root(row: &Model) -> Uuid {
        row.project_id
    }
}

impl Writable for Task {
    type Create = CreateTask;
    type Update = UpdateTask;

    async fn new_row(tx: &Transaction, caller: &Caller, input: &CreateTask) -> Result<ActiveModel> {
        caller.principal()?;
        refer::<Project>(tx, caller, input.project_id, Right::Edit)
            .await
            .or_unknown("projectId")?;
        let CreateTask { project_id, title, description, done, estimate_minutes } = input;
        Ok(row(*project_id, title, description.as_ref(), *done, *estimate_minutes))
    }

    async fn changes(
        _: &Transaction,
        _: &Caller,
        _: &Model,
        input: &UpdateTask,
    ) -> Result<ActiveModel> {
        Ok(ActiveModel {
            title: input.title.clone().map_or(NotSet, Set),
            description: input.description.clone().map_or(NotSet, Set),
            done: input.done.map_or(NotSet, Set),
            estimate_minutes: input.estimate_minutes.map_or(NotSet, Set),
            ..Default::default()
        })
    }
}

/// Creates all the tasks in one project, or none.
///
/// # Errors
/// Those of `fetch` for the project.
pub async fn create_tasks(
    tx: &Transaction,
    caller: &Caller,
    project_id: Uuid,
    input: &CreateTasks,
) -> Result<CreatedTasks> {
    let project = refer::<Project>(tx, caller, project_id, Right::Edit).await?;
    let rows = input.tasks.iter().map(|task| task.row(project.id)).collect();
    let ids = write::insert_many::<Task>(tx, caller, "create", rows).await?;
    Ok(CreatedTasks { created: ids.len(), ids })
}
