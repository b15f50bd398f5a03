//! The whole API. actix tries the routes in this order, so those most asked for come first; but before a resource come
//! the verbs whose names its `{id}` would take.

use actix_web::{HttpRequest, HttpResponse, dev::ResourceDef, http::Method, web};
use entity::prelude::{
    AuditLog, Invitation, Member, Organization, Project, Session, Task, Theme, User,
};
use service::Error;
use utoipa::openapi::path::Paths;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    extract::Admin,
    identity,
    openapi::ResourceSchemas,
    organization,
    problem::{self, Problem},
    project,
    resource::{read_only, read_only_for, resource},
};

/// Every route of the API; those of operations (`/livez`, `/metrics` …) are in `crate::health`.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(project::project_stats)
        .service(project::project_task_counts)
        .service(resource::<Project>())
        .service(resource::<Task>())
        .service(resource::<Theme>())
        .service(read_only::<AuditLog>())
        .service(read_only::<Organization>())
        .service(read_only::<Member>())
        .service(read_only::<Invitation>())
        .service(read_only::<Session>())
        .service(read_only_for::<User, Admin>())
        .service(organization::move_user)
        .service(project::transfer_project)
        .service(project::archive_project)
        .service(project::list_project_members)
        .service(project::add_project_member)
        .service(project::update_project_member)
        .service(project::remove_project_member)
        .service(project::list_user_projects)
        .service(project::create_tasks)
        .service(problem::problem_page);
    identity::routes(api);
    ResourceSchemas::add(api);
}

/// The addresses that there are, with their methods: what tells 405 from 404.
pub struct Addresses(Vec<(ResourceDef, String)>);

impl Addresses {
    /// Those of the document.
    pub fn of(paths: &Paths) -> Self {
        let addresses = paths.paths.iter().map(|(path, item)| {
            let methods = [
                (Method::GET, item.get.is_some()),
                (Method::HEAD, item.get.is_some()),
                (Method::POST, item.post.is_some()),
                (Method::PATCH, item.patch.is_some()),
                (Method::DELETE, item.delete.is_some()),
            ];
            let methods: Vec<_> =
                methods.iter().filter(|(_, has)| *has).map(|(method, _)| method.as_str()).collect();
            (ResourceDef::new(path.as_str()), methods.join(", "))
        });
        Self(addresses.collect())
    }

    /// The address of `path`; a fixed name goes before a parameter.
    fn find(&self, path: &str) -> Option<&(ResourceDef, String)> {
        let matching = self.0.iter().filter(|(pattern, _)| pattern.is_match(path));
        matching.min_by_key(|(pattern, _)| parameters(pattern))
    }
}

fn parameters(pattern: &ResourceDef) -> usize {
    pattern.pattern().map_or(0, |text| text.matches('{').count())
}

/// Where no route answers: 405 with `Allow` at an address that has other methods, else 404.
pub(crate) async fn no_route(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let addresses = request.app_data::<web::Data<Addresses>>();
    match addresses.and_then(|addresses| addresses.find(request.path())) {
        Some((_, methods)) => Err(Problem::MethodNotAllowed(methods.clone())),
        None => Err(Error::NotFound.into()),
    }
}

/// The refusal of a method at an address without parameters, where the request has come to one with.
pub(crate) fn other_method(request: &HttpRequest) -> Option<Problem> {
    let addresses = request.app_data::<web::Data<Addresses>>()?;
    let (pattern, methods) = addresses.find(request.path())?;
    (parameters(pattern) == 0).then(|| Problem::MethodNotAllowed(methods.clone()))
}
