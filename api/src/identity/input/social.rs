//! What is sent by who signs in elsewhere, and by providers.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

/// Where to sign in, and where to go on to.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInSocial {
    /// The provider's name.
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    pub(in crate::identity) provider: String,
    /// Where to go on to: a path, or an address on a trusted site.
    #[validate(length(max = 2048))]
    #[serde(rename = "callbackURL")]
    #[schema(nullable = false, max_length = 2048)]
    pub(in crate::identity) callback_url: Option<String>,
    /// Where to go on to who is new.
    #[validate(length(max = 2048))]
    #[serde(rename = "newUserCallbackURL")]
    #[schema(nullable = false, max_length = 2048)]
    pub(in crate::identity) new_user_callback_url: Option<String>,
    /// Where to go on to if something is wrong, with `error` in the query.
    #[validate(length(max = 2048))]
    #[serde(rename = "errorCallbackURL")]
    #[schema(nullable = false, max_length = 2048)]
    pub(in crate::identity) error_callback_url: Option<String>,
    /// Whether the client goes there by itself.
    #[schema(nullable = false)]
    pub(in crate::identity) disable_redirect: Option<bool>,
    /// What to ask the provider for, instead of `email` and `profile`.
    #[validate(length(max = 50))]
    #[schema(nullable = false, max_items = 50)]
    pub(in crate::identity) scopes: Option<Vec<String>>,
    /// Who is expected there.
    #[validate(length(max = 320))]
    #[schema(nullable = false, max_length = 320)]
    pub(in crate::identity) login_hint: Option<String>,
    /// More parameters for the provider.
    #[validate(length(max = 50))]
    #[schema(nullable = false)]
    pub(in crate::identity) additional_params: Option<BTreeMap<String, String>>,
    /// Not supported.
    #[schema(nullable = false, value_type = Option<Object>)]
    pub(in crate::identity) id_token: Option<serde_json::Value>,
}

/// What a provider sends its users back with.
#[derive(Debug, Deserialize, Validate)]
pub(crate) struct Return {
    pub(in crate::identity) code: Option<String>,
    pub(in crate::identity) state: Option<String>,
    pub(in crate::identity) error: Option<String>,
    pub(in crate::identity) error_description: Option<String>,
    pub(in crate::identity) iss: Option<String>,
}

/// Which account to remove: by its id, or by its provider, as clients before 1.7 do.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnlinkAccount {
    /// The account's id; with `providerId`, the user's id there.
    #[validate(length(max = 255))]
    #[schema(nullable = false, max_length = 255)]
    pub(in crate::identity) account_id: Option<String>,
    /// The provider's name.
    #[validate(length(max = 255))]
    #[schema(nullable = false, max_length = 255)]
    pub(in crate::identity) provider_id: Option<String>,
}
