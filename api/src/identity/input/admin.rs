//! What administrators send.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use service::{
    Role,
    identity::{
        IdentityError,
        admin::{Changes, Direction, Operator, SearchField, SearchOperator, role_of},
    },
    resource::present,
};
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::super::refusal::Refusal;

/// The user with this id; what is no id names nobody.
pub(crate) fn id_of(text: &str) -> Uuid {
    Uuid::try_parse(text).unwrap_or_default()
}

/// A user.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = AdminUser)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfUser {
    /// The user's id.
    pub(crate) user_id: String,
}

/// A user.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct WithId {
    pub(crate) id: String,
}

/// One role, or several: the highest counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Roles {
    /// `user` or `admin`; also several, with commas between them.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Roles {
    /// # Errors
    /// `YouAreNotAllowedToSetNonExistentValue`.
    pub(crate) fn role(&self) -> Result<Role, IdentityError> {
        match self {
            Self::One(role) => role_of([role.as_str()]),
            Self::Many(roles) => role_of(roles.iter().map(String::as_str)),
        }
    }
}

/// Another role.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetRole {
    /// The user's id.
    pub(crate) user_id: String,
    /// What they may do from now on.
    pub(crate) role: Roles,
}

/// A user to be created.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = AdminCreateUser)]
pub(crate) struct CreateUser {
    /// Their e-mail address.
    #[validate(length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    pub(crate) email: String,
    /// Their password, of 8 to 128 characters (UTF-16 units). Without one they sign in by other means.
    #[schema(nullable = false, format = Password, min_length = 8, max_length = 128)]
    pub(crate) password: Option<String>,
    /// What they are called.
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    pub(crate) name: String,
    /// What they may do.
    #[schema(nullable = false)]
    pub(crate) role: Option<Roles>,
    /// What else is known of them.
    #[schema(nullable = false, value_type = Option<UserData>)]
    pub(crate) data: Option<Map<String, Value>>,
}

/// What is to be changed of a user.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = AdminUpdateUser)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateUser {
    /// The user's id.
    pub(crate) user_id: String,
    /// The changes. Other members are passed over, but for `password`, which is refused.
    #[schema(value_type = UserData)]
    pub(crate) data: Map<String, Value>,
}

/// What administrators set of a user.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = AdminUserData)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserData {
    /// What they are called.
    #[validate(length(max = 255))]
    #[schema(nullable = false, max_length = 255)]
    name: Option<String>,
    /// Their e-mail address.
    #[validate(length(max = 320))]
    #[schema(nullable = false, format = Email, max_length = 320)]
    email: Option<String>,
    /// Whether the address is known to be theirs.
    #[schema(nullable = false)]
    email_verified: Option<bool>,
    /// The address of a picture; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048, value_type = Option<String>)]
    image: Option<Option<String>>,
    /// The name they are found by; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 255))]
    #[schema(min_length = 3, max_length = 30, pattern = "^[A-Za-z0-9_.]+$", value_type = Option<String>)]
    username: Option<Option<String>>,
    /// The same name as it shall be shown.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 255))]
    #[schema(max_length = 255, value_type = Option<String>)]
    display_username: Option<Option<String>>,
    /// The language they prefer; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 35))]
    #[schema(max_length = 35, value_type = Option<String>)]
    locale: Option<Option<String>>,
    /// Whether they have been shown around.
    #[schema(nullable = false)]
    onboarding_complete: Option<bool>,
    /// What they may do.
    #[schema(nullable = false, value_type = Option<Roles>)]
    role: Option<Value>,
    /// Whether they may not sign in. A ban ends their sessions.
    #[schema(nullable = false)]
    banned: Option<bool>,
    /// Why not.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048, value_type = Option<String>)]
    ban_reason: Option<Option<String>>,
    /// Until when not; `null` for good.
    #[serde(default, deserialize_with = "present")]
    #[schema(format = DateTime, value_type = Option<String>)]
    ban_expires: Option<Option<DateTime<Utc>>>,
}

impl TryFrom<UserData> for Changes {
    type Error = IdentityError;

    fn try_from(data: UserData) -> Result<Self, IdentityError> {
        let role = data.role.map(|role| match role {
            Value::String(role) => role_of([role.as_str()]),
            Value::Array(roles) => {
                let names =
                    roles.iter().map(|role| role.as_str().ok_or(IdentityError::InvalidRoleType));
                role_of(names.collect::<Result<Vec<_>, _>>()?)
            }
            _ => Err(IdentityError::InvalidRoleType),
        });
        Ok(Self {
            name: data.name,
            email: data.email,
            email_verified: data.email_verified,
            image: data.image,
            username: data.username,
            display_username: data.display_username,
            locale: data.locale,
            onboarding_complete: data.onboarding_complete,
            role: role.transpose()?,
            banned: data.banned,
            ban_reason: data.ban_reason,
            ban_expires: data.ban_expires,
        })
    }
}

/// Which users to list.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListUsers {
    #[validate(length(max = 1000))]
    pub(crate) search_value: Option<String>,
    pub(crate) search_field: Option<SearchField>,
    pub(crate) search_operator: Option<SearchOperator>,
    pub(crate) limit: Option<String>,
    pub(crate) offset: Option<String>,
    pub(crate) sort_by: Option<String>,
    pub(crate) sort_direction: Option<Direction>,
    pub(crate) filter_field: Option<String>,
    pub(crate) filter_operator: Option<Operator>,
}

/// A ban.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BanUser {
    /// The user's id.
    pub(crate) user_id: String,
    /// Why; administrators see it.
    #[validate(length(max = 2048))]
    #[schema(nullable = false, max_length = 2048)]
    pub(crate) ban_reason: Option<String>,
    /// After how many seconds it ends; without it, or with 0, never.
    #[schema(nullable = false, minimum = 0)]
    ban_expires_in: Option<f64>,
}

impl BanUser {
    /// How long the ban lasts, if not for good.
    ///
    /// # Errors
    /// `Validation` for what is no length of time.
    pub(crate) fn duration(&self) -> Result<Option<TimeDelta>, Refusal> {
        let Some(seconds) = self.ban_expires_in.filter(|seconds| *seconds != 0.0) else {
            return Ok(None);
        };
        let duration = Duration::try_from_secs_f64(seconds).ok();
        let duration = duration.and_then(|duration| TimeDelta::from_std(duration).ok());
        let message = "[body.banExpiresIn] Invalid input: expected a length of time in seconds";
        duration.map(Some).ok_or_else(|| Refusal::Validation(message.to_owned()))
    }
}

/// A session to end.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevokeUserSession {
    /// What the session is called in the list, or its token.
    pub(crate) session_token: String,
}

/// Another password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetUserPassword {
    /// 8 to 128 characters (UTF-16 units).
    #[validate(length(min = 1))]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    pub(crate) new_password: String,
    /// The user's id.
    #[validate(length(min = 1))]
    pub(crate) user_id: String,
}

/// Permissions to ask for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UserHasPermission {
    /// Actions by resource.
    #[schema(nullable = false)]
    pub(crate) permissions: Option<BTreeMap<String, Vec<String>>>,
    /// The same by an old name, which is refused.
    #[schema(ignore)]
    pub(crate) permission: Option<BTreeMap<String, Vec<String>>>,
}
