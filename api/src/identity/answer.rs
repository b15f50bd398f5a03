//! What is answered under `/api/auth`: the shapes that Better Auth's clients read. What is absent is `null`.

pub(crate) mod admin;
pub(crate) mod organization;

use chrono::{DateTime, FixedOffset};
use entity::{account, session, user};
use serde::Serialize;
use service::record::show_time;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user, as they see themselves.
#[expect(clippy::struct_excessive_bools, reason = "the shape is what clients read")]
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthUser {
    /// The user's id.
    pub id: Uuid,
    /// What they are called.
    pub name: String,
    /// Their e-mail address, in lower case.
    pub email: String,
    /// Whether they have shown that the address is theirs.
    pub email_verified: bool,
    /// The address of a picture.
    pub image: Option<String>,
    /// The name they are found by, in lower case.
    pub username: Option<String>,
    /// The same name as they write it.
    pub display_username: Option<String>,
    /// What they may do on the platform: `user` or `admin`.
    pub role: String,
    /// Whether they may not sign in.
    pub banned: bool,
    /// Why not.
    pub ban_reason: Option<String>,
    /// Until when not.
    #[schema(format = DateTime)]
    pub ban_expires: Option<String>,
    /// Whether signing in takes a second factor.
    pub two_factor_enabled: bool,
    /// Whether they have been shown around.
    pub onboarding_complete: bool,
    /// The language they prefer.
    pub locale: Option<String>,
    /// When they signed up.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When any of this last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

impl From<user::Model> for AuthUser {
    fn from(user: user::Model) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            email_verified: user.email_verified,
            image: user.image,
            username: user.username,
            display_username: user.display_username,
            role: user.role,
            banned: user.banned,
            ban_reason: user.ban_reason,
            ban_expires: user.ban_expires.map(time),
            two_factor_enabled: user.two_factor_enabled,
            onboarding_complete: user.onboarding_complete,
            locale: user.locale,
            created_at: time(user.created_at),
            updated_at: time(user.updated_at),
        }
    }
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthSession {
    /// The session's id.
    pub id: Uuid,
    /// A name for the session that signs nobody in: its token is known to its client only.
    pub token: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// When it ends, unless it is used until then.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When it began.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last extended.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The address it was opened from.
    pub ip_address: Option<String>,
    /// What the client called itself then.
    pub user_agent: Option<String>,
    /// The administrator who acts as the user.
    pub impersonated_by: Option<Uuid>,
    /// The organization that the user works for at the moment.
    pub active_organization_id: Option<Uuid>,
}

impl From<session::Model> for AuthSession {
    fn from(session: session::Model) -> Self {
        Self {
            id: session.id,
            token: session.id,
            user_id: session.user_id,
            expires_at: time(session.expires_at),
            created_at: time(session.created_at),
            updated_at: time(session.updated_at),
            ip_address: session.ip_address,
            user_agent: session.user_agent,
            impersonated_by: session.impersonated_by,
            active_organization_id: session.active_organization_id,
        }
    }
}

fn time(time: DateTime<FixedOffset>) -> String {
    show_time(time.to_utc())
}

/// A session and its user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuthSessionAndUser {
    /// The session.
    pub session: AuthSession,
    /// Its user.
    pub user: AuthUser,
}

/// A new user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedUp {
    /// The session's token, for `Authorization: Bearer`; `null` if the address must be verified first.
    pub token: Option<String>,
    /// The user.
    pub user: AuthUser,
}

/// Somebody who has signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// Whether there is an address to go on to.
    pub redirect: bool,
    /// The session's token, for `Authorization: Bearer`.
    pub token: String,
    /// The address to go on to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    /// The user.
    pub user: AuthUser,
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthSuccess)]
pub(crate) struct Success {
    /// `true`.
    pub success: bool,
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthStatus)]
pub(crate) struct Status {
    /// `true`.
    pub status: bool,
}

/// The server is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    /// `true`.
    pub ok: bool,
}

/// A password was set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasswordChanged {
    /// The token of the session that takes the place of those that ended; `null` if none did.
    pub token: Option<String>,
    /// The user.
    pub user: AuthUser,
}

/// A link to set a new password is on its way, if somebody has the address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetRequested {
    /// `true`.
    pub status: bool,
    /// The same, for people.
    pub message: &'static str,
}

/// A user is deleted, or will be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// `true`.
    pub success: bool,
    /// `User deleted` or `Verification email sent`.
    pub message: &'static str,
}

/// A link about an address was followed.
#[expect(clippy::option_option, reason = "absent, null and a user are three answers")]
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verified {
    /// `true`.
    pub status: bool,
    /// The user, if they have another address now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub user: Option<Option<AuthUser>>,
}

/// Somebody who followed a link and is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkFollowed {
    /// The session's token, for `Authorization: Bearer`.
    pub token: String,
    /// The user.
    pub user: AuthUser,
    /// The session.
    pub session: AuthSession,
}

/// Whether a name is free.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Available {
    /// Whether nobody has it.
    pub available: bool,
}

/// Where to sign in elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Departure {
    /// The provider's address.
    pub url: String,
    /// Whether to go there now.
    pub redirect: bool,
}

/// A way in which a user signs in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthAccount {
    /// The account's id.
    pub id: Uuid,
    /// The provider's name; `credential` for a password.
    pub provider_id: String,
    /// The user's id there.
    pub account_id: String,
    /// The user.
    pub user_id: Uuid,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last used or changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// What the provider was asked for.
    pub scopes: Vec<String>,
}

impl From<account::Model> for AuthAccount {
    fn from(account: account::Model) -> Self {
        let scopes = account.scope.as_deref().unwrap_or_default().split(',').map(str::trim);
        Self {
            id: account.id,
            scopes: scopes.filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
            provider_id: account.provider_id,
            account_id: account.account_id,
            user_id: account.user_id,
            created_at: time(account.created_at),
            updated_at: time(account.updated_at),
        }
    }
}
