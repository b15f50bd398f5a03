//! What a database cannot hold, said before it is asked.

use sea_orm::DbBackend;

use super::{Field, Kind, Value, moment};

/// Why a database of this kind cannot hold the value in the column; nothing if it may. What the constraints of the table say
/// is not asked here.
pub(super) fn refusal(value: &Value, field: &Field, backend: DbBackend) -> Option<String> {
    match backend {
        DbBackend::Sqlite => sqlite(value, field.kind),
        _ => postgres(value, field),
    }
    .map(|why| format!("holds {value}, {why}"))
}

fn fits(value: &Value, kind: Kind) -> bool {
    match value {
        Value::Null => true,
        Value::Boolean(_) => kind == Kind::Boolean,
        Value::Integer(_) => kind == Kind::Integer,
        Value::Double(_) => kind == Kind::Double,
        Value::Text(_) => kind == Kind::Text,
        Value::Bytes(_) => kind == Kind::Bytes,
        Value::Uuid(_) => kind == Kind::Uuid,
        Value::Moment(_) => matches!(kind, Kind::Moment | Kind::DateTime),
        Value::Date(_) => kind == Kind::Date,
        Value::Json(_) => kind == Kind::Json,
        Value::Decimal(_) => kind == Kind::Decimal,
    }
}

fn postgres(value: &Value, field: &Field) -> Option<String> {
    let kind = field.kind;
    let unlimited = matches!(kind, Kind::Moment | Kind::DateTime | Kind::Date)
        && matches!(value, Value::Text(text) if text.trim_start_matches('-') == "infinity");
    if !fits(value, kind) && !unlimited {
        let article = if kind == Kind::Integer { "an" } else { "a" };
        return Some(format!("where PostgreSQL wants {article} {kind}"));
    }
    let (least, most) = match field.declared.as_str() {
        "smallint" => (i16::MIN.into(), i16::MAX.into()),
        "integer" => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    };
    match value {
        Value::Integer(number) if !(least..=most).contains(number) => {
            Some(format!("which is no {}", field.declared))
        }
        Value::Text(text) if text.contains('\0') => Some(NUL.to_owned()),
        Value::Json(text) if has_escaped_nul(text) => Some(NUL.to_owned()),
        Value::Moment(micros) if moment::postgres(*micros).is_none() => Some(YEARS.to_owned()),
        Value::Date(days) if moment::postgres_day(*days).is_none() => Some(YEARS.to_owned()),
        _ => None,
    }
}

const NUL: &str = "with the character U+0000, which PostgreSQL has not";
const YEARS: &str = "which is outside of the years that the database has";

fn has_escaped_nul(json: &str) -> bool {
    let mut rest = json;
    while let Some((_, after)) = rest.split_once('\\') {
        if after.starts_with("u0000") {
            return true;
        }
        // The escaped character may be a backslash itself.
        rest = after.get(1..).unwrap_or_default();
    }
    false
}

fn sqlite(value: &Value, kind: Kind) -> Option<String> {
    match value {
        Value::Double(number) if number.is_nan() => Some("which SQLite has not".to_owned()),
        Value::Moment(micros) if moment::rfc3339(*micros).is_none() => Some(YEARS.to_owned()),
        Value::Date(days) if moment::day(*days).is_none() => Some(YEARS.to_owned()),
        Value::Decimal(text) if kind == Kind::Decimal => {
            let kept = text.parse::<f64>().ok().map(|number| number.to_string());
            (kept.as_ref() != Some(text))
                .then(|| "which SQLite would round to a floating point number".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_held_is_named() {
        let text = |text: &str| Value::Text(text.to_owned());
        let json = |text: &str| Value::Json(text.to_owned());
        let decimal = |text: &str| Value::Decimal(text.to_owned());
        let (postgres, sqlite) = (DbBackend::Postgres, DbBackend::Sqlite);
        for (backend, declared, value, refused) in [
            (postgres, "text", text("kite"), false),
            (postgres, "text", text("ki\0te"), true),
            (sqlite, "text", text("ki\0te"), false),
            (postgres, "jsonb", json(r#"{"a":"\u0000"}"#), true),
            (postgres, "jsonb", json(r#"{"a":"\\u0000"}"#), false),
            (postgres, "jsonb", json(r#"{"a":"\\\u0000"}"#), true),
            (postgres, "jsonb", text("{"), true),
            (sqlite, "jsonb_text", text("{"), false),
            (postgres, "smallint", Value::Integer(40_000), true),
            (postgres, "integer", Value::Integer(40_000), false),
            (postgres, "integer", Value::Integer(1 << 40), true),
            (sqlite, "smallint", Value::Integer(40_000), false),
            (postgres, "boolean", Value::Integer(2), true),
            (postgres, "uuid", text("0198"), true),
            (postgres, "uuid", Value::Null, false),
            (postgres, "timestamp with time zone", text("now"), true),
            (postgres, "timestamp with time zone", text("-infinity"), false),
            (postgres, "text", text("infinity"), false),
            (sqlite, "timestamp_with_timezone_text", Value::Moment(i64::MAX - 1), true),
            (sqlite, "date_text", Value::Date(i32::MAX), true),
            (sqlite, "double", Value::Double(f64::NAN), true),
            (postgres, "double precision", Value::Double(f64::NAN), false),
            (sqlite, "real(20, 2)", decimal("1.25"), false),
            (sqlite, "real(20, 2)", decimal("12345678901234567.89"), true),
            (postgres, "numeric(20,2)", decimal("12345678901234567.89"), false),
        ] {
            let kind = Kind::of(declared);
            let field = Field { name: "x".to_owned(), kind, declared: declared.to_owned() };
            let refusal = refusal(&value, &field, backend);
            assert_eq!(refusal.is_some(), refused, "{backend:?} {declared} {value}: {refusal:?}");
        }
    }
}
