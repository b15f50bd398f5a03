//! The verbs of organizations that Better Auth's clients do not know; those that they do are in `crate::identity`.

use actix_web::post;
use entity::prelude::Member;
use service::organization::relocation::{self, MoveUser};

use crate::{
    body::Valid,
    extract::{Db, Id, NoQuery, SignedIn},
    problem::Problems,
    resource::{Answer, row},
};

/// Moves a user to another organization, and gives their projects in the old one to another member of it
///
/// For administrators, and for who owns both organizations.
#[utoipa::path(tag = "users", operation_id = "moveUser", request_body = MoveUser, params(("id" = Uuid, Path)),
    responses((status = 200, body = ref("#/components/schemas/Member"), description = "the membership in the new organization"), Problems))]
#[post("/api/v1/users/{id}/move")]
pub(crate) async fn move_user(
    db: Db,
    SignedIn(caller): SignedIn,
    Id(id): Id,
    _: NoQuery,
    Valid(input): Valid<MoveUser>,
) -> Answer {
    let go = async move |tx: &_| relocation::move_user(tx, &caller, id, &input).await;
    Ok(row::<Member>(&db.write(go).await?))
}
