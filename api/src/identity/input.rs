//! What is sent to `/api/auth`. Members that a type does not name are passed over, as Better Auth does.

pub(crate) mod admin;
pub(crate) mod organization;
pub(crate) mod social;

use serde::Deserialize;
use service::{
    identity::{
        credential::{Login, SignIn, SignUp},
        magic_link::MagicLink,
        profile::Profile,
    },
    resource::present,
};
use utoipa::ToSchema;
use validator::Validate;

/// What a user is given by others only.
pub(super) const NOT_FOR_USERS: [&str; 3] = ["role", "banReason", "banExpires"];

/// Somebody who signs up. Other members are passed over, but for `role`, `banReason` and `banExpires`, which are refused.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignUpEmail {
    /// What they are called.
    #[validate(length(max = 255))]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$", example = "Ada Lovelace")]
    name: String,
    /// Their e-mail address; letter case does not matter.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320, example = "ada@example.com")]
    email: String,
    /// 8 to 128 characters (UTF-16 units).
    #[validate(length(min = 1))]
    #[schema(format = Password, min_length = 8, max_length = 128)]
    password: String,
    /// The address of a picture.
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048, pattern = r"^[^\u0000]*$")]
    image: Option<String>,
    /// A name to be found by, which no other user has.
    #[validate(length(max = 255))]
    #[schema(min_length = 3, max_length = 30, pattern = "^[A-Za-z0-9_.]+$")]
    username: Option<String>,
    /// The same name as it shall be shown.
    #[validate(length(max = 255))]
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$")]
    display_username: Option<String>,
    /// Where to go on to once the address is verified: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(default = true)]
    remember_me: Option<bool>,
}

impl From<SignUpEmail> for SignUp {
    fn from(input: SignUpEmail) -> Self {
        Self {
            name: input.name,
            email: input.email,
            password: input.password,
            image: input.image,
            username: input.username,
            display_username: input.display_username,
            callback_url: input.callback_url,
            remember: input.remember_me.unwrap_or(true),
        }
    }
}

/// Somebody who signs in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInEmail {
    /// Their e-mail address; letter case does not matter.
    #[validate(length(max = 320))]
    #[schema(format = Email, max_length = 320, example = "ada@example.com")]
    pub(super) email: String,
    /// Their password.
    #[schema(format = Password, max_length = 128)]
    pub(super) password: String,
    /// Where to go on to: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    pub(super) callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(default = true)]
    pub(super) remember_me: Option<bool>,
}

impl SignInEmail {
    pub(super) fn remember(&self) -> bool {
        self.remember_me.unwrap_or(true)
    }
}

impl From<SignInEmail> for SignIn {
    fn from(input: SignInEmail) -> Self {
        Self {
            remember: input.remember(),
            login: Login::Email(input.email),
            password: input.password,
            callback_url: input.callback_url,
        }
    }
}

/// A request that need not say anything.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nothing {}

/// A request that may say what it likes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct Anything {}

/// What the server alone sets of a session.
pub(super) const NOT_FOR_SESSIONS: [&str; 2] = ["activeOrganizationId", "impersonatedBy"];

/// A session to end.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct RevokeSession {
    /// What the session is called in the list, or its token.
    pub(super) token: String,
}

/// What a user wants to change.
#[expect(clippy::option_option, reason = "absent, null and a value are three wishes")]
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateUser {
    /// What they are called.
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    name: Option<String>,
    /// The address of a picture; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048, value_type = Option<String>)]
    image: Option<Option<String>>,
    /// The name they are found by.
    #[validate(length(max = 255))]
    #[schema(min_length = 3, max_length = 30, pattern = "^[A-Za-z0-9_.]+$")]
    username: Option<String>,
    /// The same name as it shall be shown.
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    display_username: Option<String>,
    /// The language they prefer; `null` for none.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 35))]
    #[schema(max_length = 35, value_type = Option<String>)]
    locale: Option<Option<String>>,
    /// Whether they have been shown around.
    onboarding_complete: Option<bool>,
}

impl From<UpdateUser> for Profile {
    fn from(input: UpdateUser) -> Self {
        Self {
            name: input.name,
            image: input.image,
            username: input.username,
            display_username: input.display_username,
            locale: input.locale,
            onboarding_complete: input.onboarding_complete,
        }
    }
}

/// Another password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangePassword {
    /// 8 to 128 characters (UTF-16 units).
    #[schema(format = Password, min_length = 8, max_length = 128)]
    pub(super) new_password: String,
    /// The present one.
    #[schema(format = Password, max_length = 128)]
    pub(super) current_password: String,
    /// Whether all sessions end, and this client has a new one.
    #[schema(default = false)]
    pub(super) revoke_other_sessions: Option<bool>,
}

/// A password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = PasswordToVerify)]
pub(crate) struct Password {
    /// The password.
    #[schema(format = Password, max_length = 128)]
    pub(super) password: String,
}

/// Who has forgotten their password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestPasswordReset {
    /// Their e-mail address.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    pub(super) email: String,
    /// Where a new password is typed: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048)]
    pub(super) redirect_to: Option<String>,
}

/// A new password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResetPassword {
    /// 8 to 128 characters (UTF-16 units).
    #[schema(format = Password, min_length = 8, max_length = 128)]
    pub(super) new_password: String,
    /// The token of the link; it may be in the query instead.
    pub(super) token: Option<String>,
}

/// Who wants to be deleted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct DeleteUser {
    /// Their password.
    #[schema(format = Password, max_length = 128)]
    pub(super) password: Option<String>,
    /// The token of a link that was sent.
    pub(super) token: Option<String>,
    /// Where the link that is sent goes on to.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    pub(super) callback_url: Option<String>,
}

/// An address to go on to.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct Callback {
    #[serde(rename = "callbackURL")]
    pub(super) callback_url: String,
}

/// A link that was followed.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct Link {
    pub(super) token: String,
    #[serde(rename = "callbackURL")]
    pub(super) callback_url: Option<String>,
    #[serde(rename = "newUserCallbackURL")]
    pub(super) new_user_callback_url: Option<String>,
    #[serde(rename = "errorCallbackURL")]
    pub(super) error_callback_url: Option<String>,
}

/// An address to verify.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct SendVerificationEmail {
    /// The e-mail address.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    pub(super) email: String,
    /// Where the link goes on to: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    pub(super) callback_url: Option<String>,
}

/// Another address.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeEmail {
    /// The e-mail address.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    pub(super) new_email: String,
    /// Where the links go on to: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    pub(super) callback_url: Option<String>,
}

/// Somebody who signs in by their name.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInUsername {
    /// Their name; letter case does not matter.
    #[schema(max_length = 30)]
    pub(super) username: String,
    /// Their password.
    #[schema(format = Password, max_length = 128)]
    pub(super) password: String,
    /// Where to go on to: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    pub(super) callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(default = true)]
    pub(super) remember_me: Option<bool>,
}

/// A name.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = UsernameToTry)]
pub(crate) struct Username {
    /// The name.
    #[schema(max_length = 30)]
    pub(super) username: String,
}

/// Somebody who wants a link to sign in by.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInMagicLink {
    /// Their e-mail address.
    #[validate(email, length(max = 320))]
    #[schema(format = Email, max_length = 320)]
    email: String,
    /// What they shall be called, if they are new.
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Where to go on to: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(max_length = 2048)]
    callback_url: Option<String>,
    /// Where to go on to who is new.
    #[validate(length(max = 2048))]
    #[serde(rename = "newUserCallbackURL")]
    #[schema(max_length = 2048)]
    new_user_callback_url: Option<String>,
    /// Where to go on to if something is wrong.
    #[validate(length(max = 2048))]
    #[serde(rename = "errorCallbackURL")]
    #[schema(max_length = 2048)]
    error_callback_url: Option<String>,
}

impl From<SignInMagicLink> for MagicLink {
    fn from(input: SignInMagicLink) -> Self {
        Self {
            email: input.email,
            name: input.name,
            callback: input.callback_url,
            new_user_callback: input.new_user_callback_url,
            error_callback: input.error_callback_url,
        }
    }
}
