//! Rows of PostgreSQL: read as it sends them, in its binary form; written by `COPY`.

use anyhow::{Context, anyhow, bail};
use futures_util::StreamExt;
use sea_orm::sqlx::{
    self, AssertSqlSafe, PgPool, Row as _, ValueRef as _,
    postgres::{PgPoolCopyExt, PgRow, PgValueRef},
};

use super::{
    Field, Kind, Order, Placed, Relation, Rows, Value, decimal, json, moment, value::uuid_text,
};
use crate::{catalog::hexadecimal, definition::identifier};

/// Microseconds and days from 1970, where values count from, to 2000, where PostgreSQL does.
const MICROS: i64 = 946_684_800_000_000;
const DAYS: i32 = 10_957;

pub(super) fn read<'a>(pool: &'a PgPool, relation: &'a Relation, order: Order<'_>) -> Rows<'a> {
    let fields = relation.fields.iter().map(expression).collect::<Vec<_>>().join(", ");
    let fields = if fields.is_empty() { "NULL".to_owned() } else { fields };
    let mut parameters = Vec::new();
    let clauses = if let Order::Key(after) = order {
        let key: Vec<_> =
            relation.key.iter().filter_map(|place| relation.fields.get(*place)).collect();
        let names = key.iter().map(|field| identifier(&field.name)).collect::<Vec<_>>().join(", ");
        let places = key.iter().enumerate();
        let places =
            places.map(|(place, field)| format!("${}::text::{}", place + 1, field.declared));
        let places = places.collect::<Vec<_>>().join(", ");
        parameters.extend(after.unwrap_or_default().iter().map(text));
        let condition = after.map(|_| format!(" WHERE ({names}) > ({places})"));
        format!("{} ORDER BY {names}", condition.unwrap_or_default())
    } else {
        String::new()
    };
    let sql = format!("SELECT {fields} FROM ONLY {}{clauses}", identifier(&relation.name));
    let ordered = matches!(order, Order::Key(_));
    let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    for parameter in parameters {
        query = query.bind(parameter);
    }
    query.fetch(pool).map(move |row| placed(&row?, relation, ordered)).boxed()
}

/// What is asked for a column, so that its binary form is one that is known here.
fn expression(field: &Field) -> String {
    let name = identifier(&field.name);
    match field.kind {
        Kind::Integer => format!("{name}::bigint"),
        Kind::Double => format!("{name}::double precision"),
        Kind::Text | Kind::Json | Kind::Decimal => format!("{name}::text"),
        _ => name,
    }
}

fn placed(row: &PgRow, relation: &Relation, ordered: bool) -> anyhow::Result<Placed> {
    let fields = relation.fields.iter().enumerate();
    let values = fields.map(|(place, field)| {
        value(field.kind, &row.try_get_raw(place)?)
            .with_context(|| format!("cannot read {}.{}", relation.name, field.name))
    });
    let values = values.collect::<anyhow::Result<Vec<_>>>()?;
    let place =
        relation.key.iter().filter(|_| ordered).filter_map(|place| values.get(*place).cloned());
    let place = place.collect();
    Ok((values, place))
}

fn value(kind: Kind, raw: &PgValueRef<'_>) -> anyhow::Result<Value> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let bytes = raw.as_bytes().map_err(|error| anyhow!(error))?;
    Ok(match kind {
        Kind::Boolean => Value::Boolean(bytes == [1]),
        Kind::Integer => Value::Integer(i64::from_be_bytes(bytes.try_into()?)),
        Kind::Double => Value::Double(f64::from_be_bytes(bytes.try_into()?)),
        Kind::Bytes => Value::Bytes(bytes.to_vec()),
        Kind::Uuid => Value::Uuid(bytes.try_into()?),
        Kind::Moment | Kind::DateTime => match i64::from_be_bytes(bytes.try_into()?) {
            i64::MAX => Value::Text("infinity".to_owned()),
            i64::MIN => Value::Text("-infinity".to_owned()),
            micros => Value::Moment(micros.saturating_add(MICROS)),
        },
        Kind::Date => match i32::from_be_bytes(bytes.try_into()?) {
            i32::MAX => Value::Text("infinity".to_owned()),
            i32::MIN => Value::Text("-infinity".to_owned()),
            days => Value::Date(days.saturating_add(DAYS)),
        },
        Kind::Text => Value::Text(str::from_utf8(bytes)?.to_owned()),
        Kind::Decimal => Value::Decimal(decimal::trimmed(str::from_utf8(bytes)?)),
        Kind::Json => {
            let text = str::from_utf8(bytes)?;
            json::canonical(text).map_or_else(|| Value::Text(text.to_owned()), Value::Json)
        }
    })
}

/// A value as PostgreSQL reads it; nothing for null.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Text(text) | Value::Json(text) | Value::Decimal(text) => text.clone(),
        Value::Bytes(bytes) => format!("\\x{}", hexadecimal(bytes)),
        Value::Uuid(bytes) => uuid_text(bytes),
        Value::Moment(micros) => moment::postgres(*micros)?,
        Value::Date(days) => moment::postgres_day(*days)?,
    })
}

/// Adds rows in one statement.
pub(super) async fn write(
    pool: &PgPool,
    relation: &Relation,
    rows: &[super::Row],
) -> anyhow::Result<()> {
    let fields = relation.fields.iter().map(|field| identifier(&field.name));
    let fields = fields.collect::<Vec<_>>().join(", ");
    let sql = format!("COPY {} ({fields}) FROM STDIN", identifier(&relation.name));
    let mut buffer = Vec::new();
    for row in rows {
        for value in row {
            append(value, &mut buffer);
            buffer.push(b'\t');
        }
        buffer.pop();
        buffer.push(b'\n');
    }
    let mut copy = pool.copy_in_raw(&sql).await?;
    copy.send(buffer).await?;
    let written = copy.finish().await?;
    if usize::try_from(written)? != rows.len() {
        bail!("{} of {} rows were written to {}", written, rows.len(), relation.name);
    }
    Ok(())
}

/// A value in the text form of `COPY`.
fn append(value: &Value, buffer: &mut Vec<u8>) {
    let text = match value {
        Value::Text(text) | Value::Json(text) => return escape(text, buffer),
        value => text(value),
    };
    match text {
        Some(text) => escape(&text, buffer),
        None => buffer.extend_from_slice(b"\\N"),
    }
}

fn escape(text: &str, buffer: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => buffer.extend_from_slice(b"\\\\"),
            b'\n' => buffer.extend_from_slice(b"\\n"),
            b'\r' => buffer.extend_from_slice(b"\\r"),
            b'\t' => buffer.extend_from_slice(b"\\t"),
            byte => buffer.push(byte),
        }
    }
}
