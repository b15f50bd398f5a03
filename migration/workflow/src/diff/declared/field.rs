//! A field of a model, and a variant of its relations.

use heck::{ToSnakeCase, ToUpperCamelCase};
use syn::{
    Error, Field, GenericArgument, Lit, PathArguments, Type, Variant, ext::IdentExt,
    spanned::Spanned,
};

use super::{Column, Default, Kind, attribute::Attributes, listed::Listed};
use crate::schema::OnDelete;

/// What can be said of a field.
const KNOWN: &[&str] = &[
    "primary_key",
    "auto_increment",
    "column_name",
    "column_type",
    "nullable",
    "unique",
    "unique_key",
    "indexed",
    "default_value",
    "default_expr",
];

/// The types of fields that a migration can say.
const TYPES: &str = "Uuid, String, bool, i16, i64, f64, Date, DateTimeWithTimeZone, Json, an enum of texts, and Option of them";

/// A field as it is written.
pub(super) struct Read {
    pub(super) column: Column,
    pub(super) primary_key: bool,
    pub(super) unique: bool,
    /// The name of the key of several columns that it is part of.
    pub(super) unique_key: Option<String>,
    /// How SeaORM names its variant of `Column`.
    pub(super) variant: String,
}

/// Reads a field of a model in this file.
pub(super) fn read(file: &str, field: &Field, listed: &Listed) -> syn::Result<Read> {
    let ident = field.ident.as_ref().ok_or_else(|| Error::new(field.span(), "has no name"))?;
    let attributes = Attributes::read(&field.attrs, KNOWN)?;
    let (inner, null) = option(&field.ty);
    if attributes.has("nullable") && !null {
        let why = "what may be null is an Option: make the field one, or leave the word out";
        return Err(Error::new(attributes.span("nullable"), why));
    }
    let kind = kind(file, inner, &attributes, listed)?;
    let default = default(&kind, &attributes)?;
    let primary_key = attributes.has("primary_key");
    if primary_key && attributes.value("auto_increment")?.is_none_or(|(_, lit, _)| is_true(lit)) {
        return Err(Error::new(
            field.span(),
            "keys are made by the application: auto_increment = false",
        ));
    }
    let ident = ident.unraw().to_string();
    // As SeaORM does.
    let name = attributes.text("column_name")?.unwrap_or_else(|| ident.to_snake_case());
    let column =
        Column { name, kind, null, default, indexed: attributes.has("indexed"), reference: None };
    Ok(Read {
        column,
        primary_key,
        unique: attributes.has("unique"),
        unique_key: attributes.text("unique_key")?,
        variant: ident.to_upper_camel_case(),
    })
}

fn is_true(lit: &Lit) -> bool {
    matches!(lit, Lit::Bool(value) if value.value)
}

/// The type inside of an `Option`, and whether it is one.
fn option(kind: &Type) -> (&Type, bool) {
    if let Type::Path(path) = kind
        && let Some(last) = path.path.segments.last()
        && last.ident == "Option"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
        && let Some(GenericArgument::Type(inner)) = arguments.args.first()
    {
        return (inner, true);
    }
    (kind, false)
}

fn kind(file: &str, inner: &Type, attributes: &Attributes, listed: &Listed) -> syn::Result<Kind> {
    let unknown = || {
        Error::new(inner.span(), format!("a migration cannot say this type; those it can: {TYPES}"))
    };
    let Type::Path(path) = inner else { return Err(unknown()) };
    let name = path.path.segments.last().ok_or_else(unknown)?.ident.to_string();
    let said = attributes.text("column_type")?;
    let said = said.map(|text| text.split_whitespace().collect::<String>());
    let kind = match (name.as_str(), said.as_deref()) {
        ("Uuid", None | Some("Uuid")) => Kind::Uuid,
        ("String", Some("Text")) => Kind::Text,
        ("String", None | Some("String(StringLen::None)")) => Kind::String(None),
        ("String", Some(said)) => {
            let length =
                said.strip_prefix("String(StringLen::N(").and_then(|rest| rest.strip_suffix("))"));
            let length = length.and_then(|length| length.parse().ok()).filter(|length| *length > 0);
            Kind::String(Some(length.ok_or_else(|| {
                let why = "a String is \"Text\", or \"String(StringLen::N(100))\" of at most so many characters";
                Error::new(attributes.span("column_type"), why)
            })?))
        }
        ("bool", None | Some("Boolean")) => Kind::Boolean,
        ("i16", None | Some("SmallInteger")) => Kind::SmallInteger,
        ("i64", None | Some("BigInteger")) => Kind::BigInteger,
        ("f64", None | Some("Double")) => Kind::Double,
        ("Date", None | Some("Date")) => Kind::Date,
        ("DateTimeWithTimeZone", None | Some("TimestampWithTimeZone")) => Kind::Timestamp,
        ("Json", None | Some("JsonBinary")) => Kind::Json,
        ("i8" | "i32" | "u8" | "u16" | "u32", _) => {
            return Err(Error::new(inner.span(), "a whole number is i64, or i16 if it is small"));
        }
        ("f32" | "Decimal", _) => {
            return Err(Error::new(
                inner.span(),
                "a number with a fraction is f64; money is i64, in its smallest unit",
            ));
        }
        ("DateTime" | "DateTimeUtc", _) => {
            return Err(Error::new(inner.span(), "a moment is DateTimeWithTimeZone, kept in UTC"));
        }
        (_, None) => Kind::OneOf(listed.values(file, &path.path)?.ok_or_else(unknown)?.clone()),
        (_, Some(_)) => {
            return Err(Error::new(
                attributes.span("column_type"),
                "does not fit the type of the field",
            ));
        }
    };
    Ok(kind)
}

fn default(kind: &Kind, attributes: &Attributes) -> syn::Result<Option<Default>> {
    if let Some(expression) = attributes.text("default_expr")? {
        if expression.replace(' ', "").ends_with("Keyword::Null") {
            return Ok(Some(Default::None));
        }
        let why = "what is computed is the application's: give a default_value, or \"Keyword::Null\" for none";
        return Err(Error::new(attributes.span("default_expr"), why));
    }
    let Some((span, lit, minus)) = attributes.value("default_value")? else { return Ok(None) };
    let sign = if minus { "-" } else { "" };
    let default = match (kind, lit) {
        (Kind::Text | Kind::String(_), Lit::Str(text)) if !minus => Default::Text(text.value()),
        (Kind::OneOf(values), Lit::Str(text)) if !minus && values.contains(&text.value()) => {
            Default::Text(text.value())
        }
        (Kind::Boolean, Lit::Bool(value)) if !minus => Default::Boolean(value.value),
        (Kind::SmallInteger, Lit::Int(number)) => {
            let text = format!("{sign}{}", number.base10_digits());
            Default::Integer(text.parse::<i16>().map_err(|error| Error::new(span, error))?.into())
        }
        (Kind::BigInteger, Lit::Int(number)) => {
            let text = format!("{sign}{}", number.base10_digits());
            Default::Integer(text.parse().map_err(|error| Error::new(span, error))?)
        }
        (Kind::Double, Lit::Int(_) | Lit::Float(_)) => {
            let digits = match lit {
                Lit::Int(number) => number.base10_digits(),
                Lit::Float(number) => number.base10_digits(),
                _ => "",
            };
            let number =
                format!("{sign}{digits}").parse().ok().filter(|number: &f64| number.is_finite());
            Default::Float(number.ok_or_else(|| Error::new(span, "is too large for an f64"))?)
        }
        _ => {
            let why = "a default is a text, a number, or true or false, as the type of the field";
            return Err(Error::new(span, why));
        }
    };
    Ok(Some(default))
}

/// A column that refers to a row: as its `Column` variant, the module of the entity unless it is the own one, and what
/// the removal of the row does.
pub(super) type Reference = (String, Option<String>, OnDelete);

/// Reads a variant of the relations; nothing if the other table refers to this one.
pub(super) fn reference(variant: &Variant) -> syn::Result<Option<Reference>> {
    let known =
        ["belongs_to", "from", "to", "on_update", "on_delete", "has_many", "has_one", "via"];
    let attributes = Attributes::read(&variant.attrs, &known)?;
    let Some(target) = attributes.text("belongs_to")? else {
        if attributes.has("has_many") || attributes.has("has_one") {
            return Ok(None);
        }
        return Err(Error::new(variant.span(), "says neither belongs_to nor has_many nor has_one"));
    };
    let said = |word: &str, why: &str| Error::new(attributes.span(word), why);
    let target = target.strip_suffix("Entity").map(|path| path.trim_end_matches("::"));
    let module = match target {
        Some("" | "Self") => None,
        Some(path) => {
            path.rsplit("::").next().map(|module| module.trim_start_matches("r#").to_owned())
        }
        None => {
            return Err(said("belongs_to", "is \"super::<module>::Entity\", or \"Entity\" itself"));
        }
    };
    let from = attributes.text("from")?.unwrap_or_default();
    let from = from.strip_prefix("Column::").filter(|name| !name.contains([',', ' ']));
    let from =
        from.ok_or_else(|| Error::new(variant.span(), "says from = \"Column::…\", of one column"))?;
    if !attributes.text("to")?.unwrap_or_default().ends_with("Column::Id") {
        return Err(Error::new(
            variant.span(),
            "a reference is to the `id` of a table: to = \"super::…::Column::Id\"",
        ));
    }
    if attributes.text("on_update")?.is_some_and(|action| action != "NoAction") {
        return Err(said("on_update", "an id does not change: on_update = \"NoAction\""));
    }
    let on_delete = match attributes.text("on_delete")?.as_deref() {
        Some("Cascade") => OnDelete::Cascade,
        Some("Restrict") => OnDelete::Restrict,
        Some("SetNull") => OnDelete::SetNull,
        _ => {
            let why = "says what the removal of the row does: on_delete = \"Cascade\", \"Restrict\" or \"SetNull\"";
            return Err(Error::new(variant.span(), why));
        }
    };
    Ok(Some((from.to_owned(), module, on_delete)))
}
