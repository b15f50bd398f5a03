//! What is sent to `/api/auth`.

use service::identity::credential::{SignIn, SignUp};
use utoipa::ToSchema;

use super::{body::Fields, refusal::Refusal};

/// Longer texts than these are not stored.
const MAX_NAME: usize = 255;
const MAX_EMAIL: usize = 320;
const MAX_URL: usize = 2048;
/// Longer than any password is; those beyond the limit of passwords have an answer of their own.
const MAX_READ_PASSWORD: usize = 100_000;

/// What a user is given by others only.
const NOT_FOR_USERS: [&str; 3] = ["role", "banReason", "banExpires"];

/// Somebody who signs up. Other members are passed over, but for `role`, `banReason` and `banExpires`, which are refused.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SignUpEmail {
    /// What they are called.
    #[schema(max_length = 255, pattern = r"^[^\u0000]*$", example = "Ada Lovelace")]
    name: String,
    /// Their e-mail address; letter case does not matter.
    #[schema(format = Email, max_length = 320, example = "ada@example.com")]
    email: String,
    /// 8 to 128 characters (UTF-16 units).
    #[schema(format = Password, min_length = 8, max_length = 128)]
    password: String,
    /// The address of a picture.
    #[schema(nullable = false, max_length = 2048, pattern = r"^[^\u0000]*$")]
    image: Option<String>,
    /// A name to be found by, which no other user has.
    #[schema(nullable = false, min_length = 3, max_length = 30, pattern = "^[A-Za-z0-9_.]+$")]
    username: Option<String>,
    /// The same name as it shall be shown.
    #[schema(nullable = false, max_length = 255, pattern = r"^[^\u0000]*$")]
    display_username: Option<String>,
    /// Where to go on to: a path, or an address on a trusted site.
    #[schema(rename = "callbackURL", nullable = false, max_length = 2048)]
    callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(nullable = false, default = true)]
    remember_me: Option<bool>,
}

impl SignUpEmail {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let input = Self {
            name: fields.text("name", MAX_NAME),
            email: fields.email("email", MAX_EMAIL),
            password: fields.filled_text("password", MAX_READ_PASSWORD),
            image: fields.optional_text("image", MAX_URL),
            callback_url: fields.optional_text("callbackURL", MAX_URL),
            remember_me: fields.optional_flag("rememberMe"),
            username: fields.optional_text("username", MAX_NAME),
            display_username: fields.optional_text("displayUsername", MAX_NAME),
        };
        fields.check()?;
        fields.forbid(&NOT_FOR_USERS)?;
        Ok(input)
    }

    pub(super) fn callback_url(&self) -> Option<&str> {
        self.callback_url.as_deref()
    }
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
            remember: input.remember_me.unwrap_or(true),
        }
    }
}

/// Somebody who signs in.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SignInEmail {
    /// Their e-mail address; letter case does not matter.
    #[schema(format = Email, max_length = 320, example = "ada@example.com")]
    email: String,
    /// Their password.
    #[schema(format = Password, max_length = 128)]
    password: String,
    /// Where to go on to: a path, or an address on a trusted site.
    #[schema(rename = "callbackURL", nullable = false, max_length = 2048)]
    callback_url: Option<String>,
    /// `false` if the session shall end with the browser, or after a day.
    #[schema(nullable = false, default = true)]
    remember_me: Option<bool>,
}

impl SignInEmail {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let input = Self {
            email: fields.text("email", MAX_EMAIL),
            password: fields.text("password", MAX_READ_PASSWORD),
            callback_url: fields.optional_text("callbackURL", MAX_URL),
            remember_me: fields.optional_flag("rememberMe"),
        };
        fields.check()?;
        Ok(input)
    }

    pub(super) fn callback_url(&self) -> Option<&str> {
        self.callback_url.as_deref()
    }
}

impl From<SignInEmail> for SignIn {
    fn from(input: SignInEmail) -> Self {
        Self {
            email: input.email,
            password: input.password,
            remember: input.remember_me.unwrap_or(true),
        }
    }
}

/// Somebody who signs out: nothing need be said.
#[derive(Debug, ToSchema)]
pub(crate) struct SignOut {
    /// Read by servers that also sign out elsewhere.
    #[schema(rename = "callbackURL", nullable = false, max_length = 2048)]
    callback_url: Option<String>,
}

impl SignOut {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let input = Self { callback_url: fields.optional_text("callbackURL", MAX_URL) };
        fields.check()?;
        Ok(input)
    }

    pub(super) fn callback_url(&self) -> Option<&str> {
        self.callback_url.as_deref()
    }
}
