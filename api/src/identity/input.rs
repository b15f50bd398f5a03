//! What is sent to `/api/auth`. Members that a type does not name are passed over, as Better Auth does.

use serde::Deserialize;
use service::identity::credential::{Login, SignIn, SignUp};
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
    #[schema(nullable = false, max_length = 2048, pattern = r"^[^\u0000]*$")]
    image: Option<String>,
    /// A name to be found by, which no other user has.
    #[validate(length(max = 255))]
    #[schema(nullable = false, min_length = 3, max_length = 30, pattern = "^[A-Za-z0-9_.]+$")]
    username: Option<String>,
    /// The same name as it shall be shown.
    #[validate(length(max = 255))]
    #[schema(nullable = false, max_length = 255, pattern = r"^[^\u0000]*$")]
    display_username: Option<String>,
    /// Where to go on to once the address is verified: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false, max_length = 2048)]
    callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(nullable = false, default = true)]
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
    #[schema(nullable = false, max_length = 2048)]
    pub(super) callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(nullable = false, default = true)]
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
