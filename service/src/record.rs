//! Rows on their way out: only declared columns, under the names and in the forms that `docs/http.md` promises.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{DbErr, ModelTrait, QueryResult, Value};
use serde::{Serialize, Serializer, ser::SerializeMap};
use uuid::Uuid;

use crate::{
    Resource,
    field::{Column, Kind},
    table::Table,
};

/// A row with what was embedded into it.
#[derive(Clone, Debug)]
pub struct Record {
    pub(crate) columns: Arc<[&'static Column]>,
    /// The values of `columns`, then those that were read for the engine's own use.
    pub(crate) values: Vec<Value>,
    pub(crate) embeds: Vec<(&'static str, Embed)>,
}

/// What a relation leads to.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Embed {
    One(Option<Box<Record>>),
    Many(Vec<Record>),
}

/// A page of a list, with the total of the same moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T = Record> {
    /// The rows of this page, at most `limit`.
    pub items: Vec<T>,
    /// The rows of all pages.
    pub total: u64,
    /// This page's number, from 1.
    pub page: u64,
    /// The most rows on a page.
    pub limit: u64,
    /// The number of pages; 0 when there are no rows.
    pub total_pages: u64,
}

impl Record {
    /// A row as its resource declares it.
    pub fn of<E: Resource>(model: &E::Model) -> Self {
        let columns = Arc::clone(&Table::of::<E>().all);
        let values =
            columns.iter().map(|column| model.get(E::column_named(column.column))).collect();
        Self { columns, values, embeds: Vec::new() }
    }

    /// The row's id.
    pub fn id(&self) -> Option<Uuid> {
        self.values.first().and_then(uuid_of)
    }

    /// The moment of the last change in microseconds of the Unix epoch, where it was selected: the row's version.
    pub fn version(&self) -> Option<i64> {
        let position = self.columns.iter().position(|column| column.column == "updated_at")?;
        self.values.get(position).and_then(time_of).map(|time| time.timestamp_micros())
    }

    pub(crate) fn read(
        row: &QueryResult,
        columns: &Arc<[&'static Column]>,
        extra: &[Kind],
    ) -> Result<Self, DbErr> {
        let kinds = columns.iter().map(|column| column.kind).chain(extra.iter().copied());
        let values = kinds
            .enumerate()
            .map(|(index, kind)| read_value(row, index, kind))
            .collect::<Result<_, _>>()?;
        Ok(Self { columns: Arc::clone(columns), values, embeds: Vec::new() })
    }
}

pub(crate) fn uuid_of(value: &Value) -> Option<Uuid> {
    if let Value::Uuid(id) = value { *id } else { None }
}

fn time_of(value: &Value) -> Option<DateTime<Utc>> {
    if let Value::ChronoDateTimeWithTimeZone(Some(time)) = value {
        Some(time.to_utc())
    } else {
        None
    }
}

fn read_value(row: &QueryResult, index: usize, kind: Kind) -> Result<Value, DbErr> {
    Ok(match kind {
        Kind::Uuid => Value::Uuid(row.try_get_by_index(index)?),
        Kind::Text => Value::String(row.try_get_by_index(index)?),
        Kind::Boolean => Value::Bool(row.try_get_by_index(index)?),
        Kind::Integer => Value::BigInt(row.try_get_by_index(index)?),
        Kind::Double => Value::Double(row.try_get_by_index(index)?),
        Kind::Date => Value::ChronoDate(row.try_get_by_index(index)?),
        Kind::Time => Value::ChronoDateTimeWithTimeZone(row.try_get_by_index(index)?),
        Kind::Json => {
            Value::Json(row.try_get_by_index::<Option<serde_json::Value>>(index)?.map(Box::new))
        }
    })
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len() + self.embeds.len()))?;
        for (column, value) in self.columns.iter().zip(&self.values) {
            map.serialize_entry(&column.name, &Shown(value))?;
        }
        for (name, embed) in &self.embeds {
            map.serialize_entry(name, embed)?;
        }
        map.end()
    }
}

/// A value as JSON.
pub(crate) struct Shown<'a>(pub(crate) &'a Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(Some(value)) => serializer.serialize_bool(*value),
            Value::SmallInt(Some(value)) => serializer.serialize_i16(*value),
            Value::BigInt(Some(value)) => serializer.serialize_i64(*value),
            Value::Double(Some(value)) => serializer.serialize_f64(*value),
            Value::String(Some(value)) => serializer.serialize_str(value),
            Value::Uuid(Some(value)) => serializer
                .serialize_str(value.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Value::Json(Some(value)) => value.serialize(serializer),
            Value::ChronoDate(Some(value)) => serializer.collect_str(value),
            Value::ChronoDateTimeWithTimeZone(Some(value)) => {
                serializer.serialize_str(&show_time(value.to_utc()))
            }
            _ => serializer.serialize_none(),
        }
    }
}

/// RFC 3339, UTC, exactly three fractional digits: Better Auth's client reads no other form rightly.
pub fn show_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
