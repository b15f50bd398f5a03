//! Enums of texts, as SeaORM's `DeriveActiveEnum` has them.

use std::collections::BTreeMap;

use syn::{Error, ItemEnum, spanned::Spanned};

use super::attribute::{Attributes, derives};

/// The enums of all sources, by name.
#[derive(Default)]
pub(super) struct Listed(BTreeMap<String, Vec<String>>);

impl Listed {
    /// Notes an enum, if it is one that a column may have.
    pub(super) fn add(&mut self, item: &ItemEnum) -> syn::Result<()> {
        if !derives(&item.attrs, "DeriveActiveEnum") {
            return Ok(());
        }
        let attributes = Attributes::read(&item.attrs, &["rs_type", "db_type", "enum_name"])?;
        if attributes.text("rs_type")?.as_deref() != Some("String") {
            let why = "only enums that are kept as text can be migrated: rs_type = \"String\", and \
                       string_value = \"…\" for each variant";
            return Err(Error::new(item.span(), why));
        }
        let mut values = Vec::new();
        for variant in &item.variants {
            let value =
                Attributes::read(&variant.attrs, &["string_value"])?.text("string_value")?;
            let value =
                value.ok_or_else(|| Error::new(variant.span(), "says no string_value = \"…\""))?;
            if values.contains(&value) {
                return Err(Error::new(variant.span(), format!("{value:?} is there already")));
            }
            values.push(value);
        }
        if values.is_empty() {
            return Err(Error::new(item.span(), "has no variants"));
        }
        self.0.insert(item.ident.to_string(), values);
        Ok(())
    }

    /// The texts of an enum.
    pub(super) fn values(&self, name: &str) -> Option<&Vec<String>> {
        self.0.get(name)
    }
}
