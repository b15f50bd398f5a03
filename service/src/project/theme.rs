//! Themes: how projects look. Everyone signed in sees them; administrators keep them.

use entity::{
    prelude::Theme,
    theme::{ActiveModel, Column, Model},
};
use sea_orm::{ActiveValue::NotSet, Condition, Set};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    Audited, Caller, Error, Principal, Resource, Result, Right, Transaction, Writable,
    field::Field, resource::present, scope::Scope, table::RelationField,
};

/// A new theme.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTheme {
    /// What it is called; no two themes share a name.
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// `#rrggbb`.
    #[validate(custom(function = "color"))]
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$")]
    pub primary_color: String,
    /// What it is for.
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
}

/// A change to a theme (JSON merge patch).
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTheme {
    /// What it is called.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    pub name: Option<String>,
    /// `#rrggbb`.
    #[serde(default, deserialize_with = "present")]
    #[validate(custom(function = "color"))]
    #[schema(pattern = "^#[0-9A-Fa-f]{6}$", nullable = false)]
    pub primary_color: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "present")]
    #[validate(length(max = 10_000))]
    #[schema(max_length = 10_000, value_type = Option<String>)]
    pub description: Option<Option<String>>,
}

fn color(text: &str) -> Result<(), ValidationError> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(ValidationError::new("color").with_message("is a color such as #1a2b3c".into()))
}

impl Resource for Theme {
    const PATH: &'static str = "themes";
    const FIELDS: &'static [Field<Self>] = &[
        Field::of(Column::Name).filter().sort().aggregate(),
        Field::of(Column::PrimaryColor).filter().aggregate(),
        Field::of(Column::Description),
    ];
    const RELATIONS: &'static [RelationField<Self>] = &[];

    fn public() -> Scope {
        Scope::nothing()
    }

    fn scope(_: &Principal, right: Right) -> Scope {
        match right {
            Right::See => Scope::only(Condition::all()),
            Right::Edit | Right::Own => Scope::nothing(),
        }
    }
}

impl Audited for Theme {
    fn root(row: &Model) -> Uuid {
        row.id
    }
}

impl Writable for Theme {
    type Create = CreateTheme;
    type Update = UpdateTheme;

    async fn new_row(_: &Transaction, caller: &Caller, input: &CreateTheme) -> Result<ActiveModel> {
        if !caller.principal()?.is_admin() {
            return Err(Error::Forbidden);
        }
        Ok(ActiveModel {
            name: Set(input.name.clone()),
            primary_color: Set(input.primary_color.clone()),
            description: Set(input.description.clone()),
            ..Default::default()
        })
    }

    async fn changes(
        _: &Transaction,
        _: &Caller,
        _: &Model,
        input: &UpdateTheme,
    ) -> Result<ActiveModel> {
        Ok(ActiveModel {
            name: input.name.clone().map_or(NotSet, Set),
            primary_color: input.primary_color.clone().map_or(NotSet, Set),
            description: input.description.clone().map_or(NotSet, Set),
            ..Default::default()
        })
    }
}
