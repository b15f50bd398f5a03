//! The OpenAPI document (3.1): what the routes say of themselves, and what is true of them all.

use std::collections::{BTreeMap, HashMap};

use entity::prelude::{Project, ProjectMember};
use service::table::Table;
use utoipa::{
    IntoParams, Modify, OpenApi, PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, Ref, RefOr, Schema, SecurityRequirement,
        path::{Parameter, ParameterIn, Paths},
        schema::Type,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_actix_web::{OpenApiFactory, service_config::ServiceConfig};

use crate::{describe, problem};

/// What the document says before any route is added.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Garboard",
        description = "A modular REST backend on SeaORM. Lists share one grammar of filters, order, selection and \
                       pages; every failure is a problem (RFC 9457). Sign in at `POST /api/auth/sign-in/email` and send \
                       the token as `Authorization: Bearer <token>`, or the cookie."
    ),
    modifiers(&Security)
)]
pub struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components
            .add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("better-auth.session_token"));
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
        let none: [&str; 0] = [];
        document.security = Some(vec![
            SecurityRequirement::new("bearer", none),
            SecurityRequirement::new("cookie", none),
        ]);
    }
}

/// The parameters of a list of projects.
pub(crate) struct ProjectListParameters;

impl IntoParams for ProjectListParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        describe::parameter::list(Table::of::<Project>())
    }
}

/// The parameters of a list of memberships.
pub(crate) struct ProjectMemberListParameters;

impl IntoParams for ProjectMemberListParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        describe::parameter::list(Table::of::<ProjectMember>())
    }
}

/// A page of projects with the number of their tasks.
pub(crate) struct TaskCountPage;

impl PartialSchema for TaskCountPage {
    fn schema() -> RefOr<Schema> {
        let item = ObjectBuilder::new()
            .property("project", Ref::from_schema_name("ProjectView"))
            .required("project")
            .property("taskCount", ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)))
            .required("taskCount");
        describe::page_of(item)
    }
}

impl ToSchema for TaskCountPage {}

/// Parameters that several operations have alike, described once.
pub(crate) fn share_parameters(document: &mut utoipa::openapi::OpenApi) {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for_each_parameter(document, |_, parameter| {
        *uses.entry(text_of(parameter)).or_default() += 1;
    });
    let mut shared: BTreeMap<String, RefOr<Parameter>> = BTreeMap::new();
    for_each_parameter(document, |tag, parameter| {
        let RefOr::T(own) = parameter else { return };
        if uses.get(&text_of(&RefOr::T(own.clone()))).is_none_or(|uses| *uses < 2) {
            return;
        }
        // Two resources may have a parameter of one name that is not the same; one resource too.
        let names =
            [own.name.clone(), format!("{tag}.{}", own.name), format!("{tag}.list.{}", own.name)];
        let free = |name: &&String| match shared.get(*name) {
            None => true,
            Some(other) => text_of(other) == text_of(&RefOr::T(own.clone())),
        };
        if let Some(name) = names.iter().find(free) {
            shared.insert(name.clone(), RefOr::T(own.clone()));
            let reference = format!("#/components/parameters/{name}");
            *parameter = RefOr::Ref(Ref::new(reference));
        }
    });
    document.components.get_or_insert_default().parameters.extend(shared);
}

fn text_of(parameter: &RefOr<Parameter>) -> String {
    serde_json::to_string(parameter).unwrap_or_default()
}

fn for_each_parameter(
    document: &mut utoipa::openapi::OpenApi,
    mut see: impl FnMut(&str, &mut RefOr<Parameter>),
) {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().filter_map(Option::as_mut) {
            let tag = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            for parameter in operation.parameters.iter_mut().flatten() {
                see(&tag, parameter);
            }
        }
    }
}

/// Schemas that belong to no generic route.
pub(crate) struct ResourceSchemas;

impl ResourceSchemas {
    pub(crate) fn add(api: &mut ServiceConfig<'_>) {
        api.service(Self);
    }
}

impl actix_web::dev::HttpServiceFactory for ResourceSchemas {
    fn register(self, _: &mut actix_web::dev::AppService) {}
}

impl OpenApiFactory for ResourceSchemas {
    fn paths(&self) -> Paths {
        Paths::new()
    }

    fn schemas(&self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(describe::rows(Table::of::<ProjectMember>()));
        schemas.extend(problem::schemas());
    }
}
