//! Enums of texts, as SeaORM's `DeriveActiveEnum` has them.

use std::collections::BTreeMap;

use syn::{Error, ItemEnum, Path, ext::IdentExt, spanned::Spanned};

use super::{
    attribute::{Attributes, derives},
    module,
};

/// The enums of all sources, by name and module.
#[derive(Default)]
pub(super) struct Listed(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Listed {
    /// Notes an enum, if it is one that a column may have.
    pub(super) fn add(&mut self, file: &str, item: &ItemEnum) -> syn::Result<()> {
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
        let of_name = self.0.entry(item.ident.to_string()).or_default();
        of_name.insert(module(file), values);
        Ok(())
    }

    /// The texts of the enum that a path in this file means; nothing if there is none of this name.
    pub(super) fn values(&self, file: &str, path: &Path) -> syn::Result<Option<&Vec<String>>> {
        let mut segments =
            path.segments.iter().rev().map(|segment| segment.ident.unraw().to_string());
        let Some(found) = segments.next().and_then(|name| self.0.get(&name)) else {
            return Ok(None);
        };
        let own = segments.next().unwrap_or_else(|| module(file));
        match (found.get(&own), found.len()) {
            (Some(values), _) => Ok(Some(values)),
            (None, 1) => Ok(found.values().next()),
            _ => {
                let modules = found.keys().cloned().collect::<Vec<_>>().join(", ");
                let why = format!(
                    "several files have an enum of this name, {modules}: write super::<file>::…"
                );
                Err(Error::new(path.span(), why))
            }
        }
    }
}
