//! Rows on their way out: only declared columns, under the names and in the forms that `docs/http.md` promises.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{DbErr, ModelTrait, QueryResult, Value};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use crate::{
    Resource,
    field::{Column, Kind},
    query::{ListQuery, MAX_COUNTED, Position, ast::Count},
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
    Highlights(BTreeMap<String, String>),
}

/// A page of a list, with the total of the same moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T = Record> {
    /// The rows of this page, at most `limit`.
    pub items: Vec<T>,
    /// The rows of all pages; `None` when they were not counted.
    pub total: Option<u64>,
    /// Whether there are more rows than `total`, which was as far as they were counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub total_is_lower_bound: bool,
    /// This page's number, from 1; `None` for a page beside a cursor.
    pub page: Option<u64>,
    /// The most rows on a page.
    pub limit: u64,
    /// The number of pages that `total` makes; 0 when there are no rows.
    pub total_pages: Option<u64>,
    /// Leads to the rows after these; only beside a cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Option<String>>,
    /// Leads to the rows before these; only beside a cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_cursor: Option<Option<String>>,
    /// Whether there is a page after this one.
    #[serde(skip)]
    pub has_next: bool,
    /// What the cursors before and after this page are made of.
    #[serde(skip)]
    pub positions: [Option<Position>; 2],
}

impl<T> Page<T> {
    /// A page by its number; `total` goes beyond [`MAX_COUNTED`] only if that was asked for.
    pub(crate) fn numbered(
        query: &ListQuery,
        page: u64,
        total: Option<u64>,
        has_next: bool,
        items: Vec<T>,
    ) -> Self {
        let total_is_lower_bound =
            query.count == Some(Count::Bounded) && total.is_some_and(|total| total > MAX_COUNTED);
        let total = if total_is_lower_bound { Some(MAX_COUNTED) } else { total };
        Self {
            items,
            total,
            total_is_lower_bound,
            page: Some(page),
            limit: query.limit,
            total_pages: total.map(|total| total.div_ceil(query.limit)),
            next_cursor: None,
            prev_cursor: None,
            has_next,
            positions: [None, None],
        }
    }

    /// A page beside a cursor, with the positions before and after it.
    pub(crate) fn beside(
        query: &ListQuery,
        total: Option<u64>,
        positions: [Option<Position>; 2],
        items: Vec<T>,
    ) -> Self {
        let has_next = positions.last().is_some_and(Option::is_some);
        let numbered = Self::numbered(query, 1, total, has_next, items);
        Self { page: None, total_pages: None, positions, ..numbered }
    }

    /// The same page of other items.
    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            total: self.total,
            total_is_lower_bound: self.total_is_lower_bound,
            page: self.page,
            limit: self.limit,
            total_pages: self.total_pages,
            next_cursor: self.next_cursor,
            prev_cursor: self.prev_cursor,
            has_next: self.has_next,
            positions: self.positions,
        }
    }
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

    /// What the record's JSON has, value by value, in its order.
    pub fn values(&self) -> impl Iterator<Item = Box<RawValue>> {
        let columns = self.columns.iter().zip(&self.values);
        let values = columns.map(|(_, value)| to_raw_value(&Shown(value)));
        let embeds = self.embeds.iter().map(|(_, embed)| to_raw_value(embed));
        // What a column holds is always JSON: keys are text, numbers finite.
        values.chain(embeds).map(Result::unwrap_or_default)
    }

    /// Those of `columns` that are shown, with their names.
    pub(crate) fn texts<'a>(
        &'a self,
        columns: &'a [&'static Column],
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.columns.iter().zip(&self.values).filter_map(|(column, value)| match value {
            Value::String(Some(text)) if columns.iter().any(|other| other.name == column.name) => {
                Some((&*column.name, text.as_str()))
            }
            _ => None,
        })
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

pub(crate) fn read_value(row: &QueryResult, index: usize, kind: Kind) -> Result<Value, DbErr> {
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
