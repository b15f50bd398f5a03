//! Rows of SQLite: read as they are stored; written many to a statement.

use anyhow::Context;
use futures_util::StreamExt;
use sea_orm::sqlx::{
    self, Arguments, AssertSqlSafe, Decode, Row as _, Sqlite, SqlitePool, TypeInfo, ValueRef as _,
    sqlite::{SqliteArguments, SqliteRow, SqliteValueRef},
};

use super::{Field, Kind, Order, Placed, Relation, Row, Rows, Value, json, moment};
use crate::definition::identifier;

/// The most parameters of a statement here: more make it no faster. SQLite allows 32,766.
const PARAMETERS: usize = 2_000;

pub(super) fn read<'a>(pool: &'a SqlitePool, relation: &'a Relation, order: Order<'_>) -> Rows<'a> {
    let mut columns: Vec<_> = relation.fields.iter().map(|field| identifier(&field.name)).collect();
    let mut arguments = SqliteArguments::default();
    let clauses = if let Order::Key(after) = order {
        let key: Vec<_> = match &relation.row_number {
            Some(number) => vec![number.clone()],
            None => key(relation).map(|field| identifier(&field.name)).collect(),
        };
        let (names, places) = (key.join(", "), vec!["?"; key.len()].join(", "));
        columns.extend(key);
        for value in after.unwrap_or_default() {
            bind(value, Kind::Text, &mut arguments);
        }
        let condition = after.map(|_| format!(" WHERE ({names}) > ({places})"));
        format!("{} ORDER BY {names}", condition.unwrap_or_default())
    } else {
        String::new()
    };
    if columns.is_empty() {
        columns.push("NULL".to_owned());
    }
    let sql = format!("SELECT {} FROM {}{clauses}", columns.join(", "), identifier(&relation.name));
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(false).fetch(pool);
    rows.map(|row| placed(&row?, relation)).boxed()
}

fn key(relation: &Relation) -> impl Iterator<Item = &Field> {
    relation.key.iter().filter_map(|place| relation.fields.get(*place))
}

/// The values of the row; behind them stands the place, as it was asked for.
fn placed(row: &SqliteRow, relation: &Relation) -> anyhow::Result<Placed> {
    let mut values = Vec::with_capacity(row.len());
    for place in 0..row.len() {
        let field = relation.fields.get(place);
        let kind = field.map_or(Kind::Text, |field| field.kind);
        let value = value(kind, row.try_get_raw(place)?);
        let name = || field.map_or("its key", |field| &field.name);
        values.push(value.with_context(|| format!("cannot read {}.{}", relation.name, name()))?);
    }
    let place = values.split_off(relation.fields.len().min(values.len()));
    Ok((values, place))
}

fn value(kind: Kind, raw: SqliteValueRef<'_>) -> anyhow::Result<Value> {
    let class = raw.type_info().into_owned();
    Ok(match class.name() {
        _ if raw.is_null() => Value::Null,
        "INTEGER" => whole(kind, decode(raw)?),
        "REAL" => match (kind, decode::<f64>(raw)?) {
            (Kind::Decimal, number) => Value::Decimal(number.to_string()),
            (_, number) => Value::Double(number),
        },
        "BLOB" => match (kind, decode::<&[u8]>(raw)?) {
            (Kind::Uuid, bytes) if bytes.len() == 16 => Value::Uuid(bytes.try_into()?),
            (_, bytes) => Value::Bytes(bytes.to_vec()),
        },
        _ => textual(kind, decode(raw)?),
    })
}

fn decode<'r, T: Decode<'r, Sqlite>>(raw: SqliteValueRef<'r>) -> anyhow::Result<T> {
    T::decode(raw).map_err(|error| anyhow::anyhow!(error))
}

fn whole(kind: Kind, number: i64) -> Value {
    match kind {
        Kind::Boolean if number == 0 || number == 1 => Value::Boolean(number == 1),
        Kind::Decimal => Value::Decimal(number.to_string()),
        _ => Value::Integer(number),
    }
}

fn textual(kind: Kind, text: &str) -> Value {
    let known = match kind {
        Kind::Moment => moment::parse(text).map(Value::Moment),
        // What has a zone is no time without one.
        Kind::DateTime => moment::parse_naive(text).map(Value::Moment),
        Kind::Date => moment::parse_day(text).map(Value::Date),
        Kind::Json => json::canonical(text).map(Value::Json),
        _ => None,
    };
    known.unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// Adds rows.
pub(super) async fn write(
    pool: &SqlitePool,
    relation: &Relation,
    rows: &[Row],
) -> anyhow::Result<()> {
    let columns = relation.fields.len();
    let fields = relation.fields.iter().map(|field| identifier(&field.name));
    let begin = format!(
        "INSERT INTO {} ({}) VALUES ",
        identifier(&relation.name),
        fields.collect::<Vec<_>>().join(", ")
    );
    let one = format!("({})", vec!["?"; columns].join(", "));
    let mut connection = pool.acquire().await?;
    for rows in rows.chunks((PARAMETERS / columns.max(1)).max(1)) {
        let sql = format!("{begin}{}", vec![one.as_str(); rows.len()].join(", "));
        let mut arguments = SqliteArguments::default();
        arguments.reserve(rows.len() * columns, 0);
        for row in rows {
            for (field, value) in relation.fields.iter().zip(row) {
                bind(value, field.kind, &mut arguments);
            }
        }
        sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A value as SeaORM has it stored in a column of this kind.
fn bind(value: &Value, kind: Kind, arguments: &mut SqliteArguments) {
    let added = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Boolean(value) => arguments.add(*value),
        Value::Integer(value) => arguments.add(*value),
        Value::Double(value) => arguments.add(*value),
        Value::Text(text) | Value::Json(text) => arguments.add(text.as_str()),
        Value::Decimal(text) => arguments.add(text.parse::<f64>().ok()),
        Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
        Value::Uuid(bytes) => arguments.add(bytes.as_slice()),
        Value::Moment(micros) if kind == Kind::DateTime => arguments.add(moment::naive(*micros)),
        Value::Moment(micros) => arguments.add(moment::rfc3339(*micros)),
        Value::Date(days) => arguments.add(moment::day(*days)),
    };
    // None of these can be refused.
    drop(added);
}
