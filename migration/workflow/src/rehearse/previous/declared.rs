//! What the sources of entities declare: tables, columns, and the types of the fields.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use heck::ToSnakeCase;
use syn::{
    Attribute, Expr, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Token, Type,
    ext::IdentExt, punctuated::Punctuated,
};

use crate::diff::declared::derives;

/// A field that is kept in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// The name of the column.
    pub(super) column: String,
    /// The type without a path, and without `Option`: `Vec<u8>`. Nothing where the entity reads another type than the column
    /// has.
    pub(super) rust: Option<String>,
    /// Whether it is an `Option`.
    pub(super) nullable: bool,
}

/// The entities in these files, by table: SeaORM's compact format, as its generator writes it. A file may have none.
///
/// # Errors
/// When a file is no Rust, or an entity in it leaves open what its table or its columns are called.
pub(super) fn tables(
    files: &BTreeMap<String, String>,
) -> anyhow::Result<BTreeMap<String, Vec<Field>>> {
    let mut tables = BTreeMap::new();
    for (name, text) in files {
        let file = syn::parse_file(text).with_context(|| format!("cannot parse {name}"))?;
        for item in file.items {
            let Item::Struct(item) = item else { continue };
            if !derives(&item.attrs, "DeriveEntityModel") {
                continue;
            }
            let words = words(&item.attrs).with_context(|| name.clone())?;
            let table = words.text("table_name").with_context(|| {
                format!("{name}: the entity does not say #[sea_orm(table_name = \"…\")]")
            })?;
            if words.has("rename_all") {
                bail!("{name}: say column_name for each field, not rename_all");
            }
            let fields = fields(item.fields).with_context(|| name.clone())?;
            tables.insert(table, fields);
        }
    }
    Ok(tables)
}

fn fields(fields: Fields) -> anyhow::Result<Vec<Field>> {
    let mut columns = Vec::new();
    for field in fields {
        let words = words(&field.attrs)?;
        let name = field.ident.ok_or_else(|| anyhow!("the fields of an entity have names"))?;
        // As SeaORM does.
        let name = name.unraw().to_string().to_snake_case();
        let (rust, nullable) = match name_of(&field.ty) {
            (outer, Some(inner)) if outer == "Option" => (inner, true),
            (outer, Some(inner)) => (format!("{outer}<{inner}>"), false),
            (name, None) => (name, false),
        };
        // What belongs to a relation is in no column.
        let is_relation =
            ["HasOne<", "HasMany<", "BelongsTo<"].iter().any(|of| rust.starts_with(of));
        if is_relation || words.has("ignore") {
            continue;
        }
        columns.push(Field {
            column: words.text("column_name").unwrap_or(name),
            rust: Some(rust).filter(|_| !words.has("select_as")),
            nullable,
        });
    }
    Ok(columns)
}

/// The last word of a type, and its first argument.
fn name_of(of: &Type) -> (String, Option<String>) {
    let Type::Path(of) = of else { return (String::new(), None) };
    let Some(last) = of.path.segments.last() else { return (String::new(), None) };
    let argument = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.first(),
        _ => None,
    };
    let argument = argument.and_then(|argument| match argument {
        GenericArgument::Type(of) => Some(match name_of(of) {
            (outer, Some(inner)) => format!("{outer}<{inner}>"),
            (name, None) => name,
        }),
        _ => None,
    });
    (last.ident.to_string(), argument)
}

/// What stands in `#[sea_orm(…)]`.
struct Words(Vec<Meta>);

impl Words {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|word| word.path().is_ident(name))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|word| match word {
            Meta::NameValue(pair) if pair.path.is_ident(name) => match &pair.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
    }
}

fn words(attributes: &[Attribute]) -> anyhow::Result<Words> {
    let mut words = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("sea_orm")) {
        let list = Punctuated::<Meta, Token![,]>::parse_terminated;
        words.extend(attribute.parse_args_with(list)?);
    }
    Ok(Words(words))
}
