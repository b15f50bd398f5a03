//! The verbs of projects, their members and their tasks.

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use entity::prelude::{Project, ProjectMember};
use service::project::{
    self, ProjectStats, TransferProject,
    project_member::{self, AddMember, UpdateMember},
    task::{self, CreateTasks, CreatedTasks},
};

use crate::{
    body::{MAX_BULK_BODY_BYTES, Valid},
    extract::{Db, Id, Ids, NoQuery, Query, SignedIn},
    list::paged,
    openapi::{ProjectListParameters, ProjectMemberListParameters, TaskCountPage},
    problem::Problems,
    resource::{Answer, BASE, created, row},
};

/// Counts the projects that you see by status
#[utoipa::path(tag = "projects", operation_id = "projectStats",
    responses((status = 200, body = ProjectStats, description = "the counts"), Problems))]
#[get("/api/v1/projects/stats")]
pub(crate) async fn project_stats(db: Db, SignedIn(caller): SignedIn, _: NoQuery) -> Answer {
    Ok(HttpResponse::Ok().json(project::stats(db.reader(), &caller).await?))
}

/// A page of projects, each with the number of its tasks; the newest first
#[utoipa::path(tag = "projects", operation_id = "projectTaskCounts", params(ProjectListParameters),
    responses((status = 200, body = TaskCountPage, description = "a page"), Problems))]
#[get("/api/v1/projects/task-counts")]
pub(crate) async fn project_task_counts(
    request: HttpRequest,
    db: Db,
    SignedIn(caller): SignedIn,
    Query(query): Query,
) -> Answer {
    let asked = query.clone();
    let page = db.read(async move |tx| project::task_counts(tx, &caller, &query).await).await?;
    paged(&request, &asked, page)
}

/// Gives a project to another user
#[utoipa::path(tag = "projects", operation_id = "transferProject", request_body = TransferProject, params(("id" = Uuid, Path)),
    responses((status = 200, body = ref("#/components/schemas/Project"), description = "the project as it is now"), Problems))]
#[post("/api/v1/projects/{id}/transfer")]
pub(crate) async fn transfer_project(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
    Valid(input): Valid<TransferProject>,
) -> Answer {
    Ok(row::<Project>(
        &db.write(async move |tx| project::transfer(tx, &caller, id, &input).await).await?,
    ))
}

/// Puts a project away; restoring it makes it active again
#[utoipa::path(tag = "projects", operation_id = "archiveProject", params(("id" = Uuid, Path)),
    responses((status = 200, body = ref("#/components/schemas/Project"), description = "the project as it is now"), Problems))]
#[post("/api/v1/projects/{id}/archive")]
pub(crate) async fn archive_project(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
) -> Answer {
    Ok(row::<Project>(&db.write(async move |tx| project::archive(tx, &caller, id).await).await?))
}

/// A page of a project's members, each with the user
#[utoipa::path(tag = "projects", operation_id = "listProjectMembers", params(("id" = Uuid, Path), ProjectMemberListParameters),
    responses((status = 200, body = ref("#/components/schemas/ProjectMemberPage"), description = "a page"), Problems))]
#[get("/api/v1/projects/{id}/members")]
pub(crate) async fn list_project_members(
    request: HttpRequest,
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    Query(query): Query,
) -> Answer {
    let asked = query.clone();
    let page =
        db.read(async move |tx| project_member::members(tx, &caller, id, &query).await).await?;
    paged(&request, &asked, page)
}

/// Shares a project with a user
#[utoipa::path(tag = "projects", operation_id = "addProjectMember", request_body = AddMember, params(("id" = Uuid, Path)),
    responses((status = 201, body = ref("#/components/schemas/ProjectMember"), description = "the membership"), Problems))]
#[post("/api/v1/projects/{id}/members")]
pub(crate) async fn add_project_member(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
    Valid(input): Valid<AddMember>,
) -> Answer {
    let user_id = input.user_id;
    let member =
        db.write(async move |tx| project_member::add_member(tx, &caller, id, &input).await).await?;
    let location = format!("{BASE}/projects/{id}/members/{user_id}");
    Ok(created::<ProjectMember>(&member, &location))
}

/// Gives a member another role
#[utoipa::path(tag = "projects", operation_id = "updateProjectMember", request_body = UpdateMember, params(("id" = Uuid, Path), ("userId" = Uuid, Path)),
    responses((status = 200, body = ref("#/components/schemas/ProjectMember"), description = "the membership as it is now"), Problems))]
#[patch("/api/v1/projects/{id}/members/{userId}")]
pub(crate) async fn update_project_member(
    db: Db,
    SignedIn(caller): SignedIn,
    Ids(id, user_id): Ids,
    _: NoQuery,
    Valid(input): Valid<UpdateMember>,
) -> Answer {
    let update =
        async move |tx: &_| project_member::update_member(tx, &caller, id, user_id, &input).await;
    Ok(row::<ProjectMember>(&db.write(update).await?))
}

/// Ends a membership; members may end their own
#[utoipa::path(tag = "projects", operation_id = "removeProjectMember", params(("id" = Uuid, Path), ("userId" = Uuid, Path)),
    responses((status = 204, description = "it is gone"), Problems))]
#[delete("/api/v1/projects/{id}/members/{userId}")]
pub(crate) async fn remove_project_member(
    db: Db,
    SignedIn(caller): SignedIn,
    Ids(id, user_id): Ids,
    _: NoQuery,
) -> Answer {
    db.write(async move |tx| project_member::remove_member(tx, &caller, id, user_id).await).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A page of the projects that a user is a member of, each with the role and when they joined
#[utoipa::path(tag = "users", operation_id = "listUserProjects", params(("id" = Uuid, Path), ProjectMemberListParameters),
    responses((status = 200, body = ref("#/components/schemas/ProjectMemberPage"), description = "a page"), Problems))]
#[get("/api/v1/users/{id}/projects")]
pub(crate) async fn list_user_projects(
    request: HttpRequest,
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    Query(query): Query,
) -> Answer {
    let asked = query.clone();
    let page =
        db.read(async move |tx| project_member::memberships(tx, &caller, id, &query).await).await?;
    paged(&request, &asked, page)
}

/// Creates up to 10,000 tasks in a project, all or none
#[utoipa::path(tag = "projects", operation_id = "createTasks", request_body = CreateTasks, params(("id" = Uuid, Path)),
    responses((status = 201, body = CreatedTasks, description = "how many, and their ids in the order given"), Problems))]
#[post("/api/v1/projects/{id}/tasks/bulk")]
pub(crate) async fn create_tasks(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
    Valid(input): Valid<CreateTasks, MAX_BULK_BODY_BYTES>,
) -> Answer {
    let created =
        db.write(async move |tx| task::create_tasks(tx, &caller, id, &input).await).await?;
    Ok(HttpResponse::Created().json(created))
}
