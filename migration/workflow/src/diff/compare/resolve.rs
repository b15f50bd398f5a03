//! What a field says, and where it says nothing, what there is.

use anyhow::ensure;
use sea_orm::Value;

use super::{is_string, is_text};
use crate::{
    diff::{
        declared::{self, Default},
        known::{LENGTH, all_lasting, lasting},
    },
    schema::{Column, Kind, OnDelete},
};

/// The column that a field asks for, where there is `known`, or nothing.
pub(super) fn column(
    table: &str,
    field: &declared::Column,
    known: Option<&Column>,
) -> anyhow::Result<Column> {
    let kind = match (&field.kind, known.map(|known| &known.kind)) {
        (declared::Kind::String(None), Some(kind)) if is_string(kind) => kind.clone(),
        (declared::Kind::String(length), _) => Kind::String(length.unwrap_or(LENGTH)),
        (declared::Kind::OneOf(values), _) => Kind::OneOf(Vec::leak(all_lasting(values))),
        (declared::Kind::Uuid, _) => Kind::Uuid,
        (declared::Kind::Text, _) => Kind::Text,
        (declared::Kind::Boolean, _) => Kind::Boolean,
        (declared::Kind::SmallInteger, _) => Kind::SmallInteger,
        (declared::Kind::BigInteger, _) => Kind::BigInteger,
        (declared::Kind::Double, _) => Kind::Double,
        (declared::Kind::Date, _) => Kind::Date,
        (declared::Kind::Timestamp, _) => Kind::Timestamp,
        (declared::Kind::Json, _) => Kind::Json,
    };
    let mut column = Column::new(lasting(&field.name), kind);
    column.null = field.null;
    column.references = field.reference.as_ref().map(|(target, action)| (lasting(target), *action));
    let whole = |kind: &Kind| matches!(kind, Kind::SmallInteger | Kind::BigInteger);
    if let Some(known) = known {
        column.unique = known.unique;
        column.lower_case = known.lower_case && is_text(&column.kind);
        column.between = known.between.filter(|_| whole(&column.kind));
    }
    column.default = match &field.default {
        Some(default) => value(default, &column.kind),
        None => known.and_then(|known| kept(known, &column.kind)),
    };
    if let (Kind::OneOf(values), Some(Value::String(Some(text)))) = (&column.kind, &column.default)
    {
        ensure!(
            values.contains(&text.as_str()),
            "{table}.{}: its default {text:?} would be none of its values",
            field.name
        );
    }
    if let (Kind::String(length), Some(Value::String(Some(text)))) = (&column.kind, &column.default)
    {
        ensure!(
            text.chars().count() <= usize::try_from(*length)?,
            "{table}.{}: its default is longer than {length} characters",
            field.name
        );
    }
    if known.is_none_or(|known| {
        (&known.kind, known.references, known.null)
            != (&column.kind, column.references, column.null)
    }) {
        reference(table, &column)?;
    }
    Ok(column)
}

/// Makes sure that a column can refer to a row as it says.
fn reference(table: &str, column: &Column) -> anyhow::Result<()> {
    let Some((_, action)) = column.references else { return Ok(()) };
    let name = column.name;
    ensure!(column.kind == Kind::Uuid, "{table}.{name} refers to an `id`, so it is a Uuid");
    ensure!(
        action != OnDelete::SetNull || column.null,
        "{table}.{name} becomes null when the row that it refers to is removed (on_delete = \"SetNull\"), so it is an Option"
    );
    Ok(())
}

/// The default that there is, as one of this kind.
fn kept(known: &Column, kind: &Kind) -> Option<Value> {
    let same = std::mem::discriminant(&known.kind) == std::mem::discriminant(kind);
    match &known.default {
        default if same => default.clone(),
        Some(text @ Value::String(_)) if is_text(kind) => Some(text.clone()),
        Some(Value::SmallInt(Some(number))) if *kind == Kind::BigInteger => {
            Some(i64::from(*number).into())
        }
        _ => None,
    }
}

fn value(default: &Default, kind: &Kind) -> Option<Value> {
    match default {
        Default::None => None,
        Default::Text(text) => Some(text.as_str().into()),
        Default::Boolean(value) => Some((*value).into()),
        Default::Float(number) => Some((*number).into()),
        Default::Integer(number) if *kind == Kind::SmallInteger => {
            i16::try_from(*number).ok().map(Into::into)
        }
        Default::Integer(number) => Some((*number).into()),
    }
}
