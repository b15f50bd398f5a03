//! Who asks, when, and under which request: fixed once per request and handed to every service function.

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a user may do on the whole platform.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize, Deserialize, ToSchema,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// An ordinary user: sees and changes what is theirs or shared with them.
    User,
    /// Sees and changes everything.
    Admin,
}

/// A signed-in user.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The user's id.
    pub id: Uuid,
    /// The user's platform role, as it is now (read with the session on each request).
    pub role: Role,
    /// The session that the request came with.
    pub session_id: Uuid,
    /// The administrator who acts as this user.
    pub impersonated_by: Option<Uuid>,
}

impl Principal {
    /// Whether visibility rules are passed over for this user.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// The one caller, time and id of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in user, or `None` for the public (and for the command line).
    pub user: Option<Principal>,
    /// When the request came, UTC, whole microseconds: the time of everything it writes.
    pub at: DateTime<Utc>,
    /// The request's id, kept in the audit rows.
    pub request_id: Option<String>,
}

impl Caller {
    /// A caller of this moment. The only place where the clock is read for what is stored.
    #[expect(clippy::disallowed_methods, reason = "the one home of the clock")]
    pub fn new(user: Option<Principal>, request_id: Option<String>) -> Self {
        Self { user, at: Utc::now().trunc_subsecs(6), request_id }
    }

    /// The process itself: seeds and the command line.
    pub fn system() -> Self {
        Self::new(None, None)
    }

    /// The signed-in user.
    ///
    /// # Errors
    /// `Unauthenticated` for the public.
    pub fn principal(&self) -> crate::Result<&Principal> {
        self.user.as_ref().ok_or(crate::Error::Unauthenticated)
    }

    /// The signed-in user's id, as audit rows record it.
    pub fn user_id(&self) -> Option<Uuid> {
        self.user.as_ref().map(|user| user.id)
    }
}
