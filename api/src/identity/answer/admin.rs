//! What administrators are answered.

use serde::Serialize;
use utoipa::ToSchema;

use super::{AuthSession, AuthUser};

/// A user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthUserAlone)]
pub(crate) struct OneUser {
    /// The user.
    pub user: AuthUser,
}

/// Some of the users that were asked for.
#[expect(clippy::struct_field_names, reason = "the shape is what clients read")]
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthUsers)]
pub(crate) struct Users {
    /// The users.
    pub users: Vec<AuthUser>,
    /// How many there are in all.
    pub total: u64,
    /// How many were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<u64>,
    /// How many were passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub offset: Option<u64>,
}

/// The sessions of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthSessions)]
pub(crate) struct Sessions {
    /// The sessions, the newest first.
    pub sessions: Vec<AuthSession>,
}

/// Whether one may.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthPermission)]
pub(crate) struct Permitted {
    /// Always `null`.
    pub error: Option<String>,
    /// Whether one has all the permissions.
    pub success: bool,
}
