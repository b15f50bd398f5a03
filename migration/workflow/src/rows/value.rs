//! A value, in the one form that both databases' values are turned into, and the bytes of that form.

use std::fmt;

use crate::catalog::hexadecimal;

use super::moment;

/// What one column of one row holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating point number.
    Double(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Uuid([u8; 16]),
    /// Microseconds since 1970, UTC; of a column without a zone, on its own clock.
    Moment(i64),
    /// Days since 1970.
    Date(i32),
    /// A JSON document: without spaces, its members in order, its numbers as PostgreSQL writes them.
    Json(String),
    /// A number in decimal digits, without zeros at its end.
    Decimal(String),
}

/// The values of a row, in the order of the columns' names.
pub type Row = Vec<Value>;

impl Value {
    /// About how much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        let owned = match self {
            Self::Text(text) | Self::Json(text) | Self::Decimal(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        owned.saturating_add(size_of::<Self>())
    }
}

/// As a person would write it; long text is cut off.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Text(text) | Self::Json(text) | Self::Decimal(text) => {
                let short: String = text.chars().take(LONGEST).collect();
                write!(
                    f,
                    "{}{}",
                    short.escape_debug(),
                    if short.len() < text.len() { "…" } else { "" }
                )
            }
            Self::Bytes(bytes) => {
                let short = bytes.get(..LONGEST / 2).unwrap_or(bytes);
                let rest = if short.len() < bytes.len() { "…" } else { "" };
                write!(f, "x'{}{rest}'", hexadecimal(short))
            }
            Self::Uuid(bytes) => f.write_str(&uuid_text(bytes)),
            Self::Moment(micros) => {
                f.write_str(&moment::rfc3339(*micros).unwrap_or_else(|| format!("{micros} µs")))
            }
            Self::Date(days) => {
                f.write_str(&moment::day(*days).unwrap_or_else(|| format!("day {days}")))
            }
        }
    }
}

/// A UUID in its usual form.
pub(super) fn uuid_text(bytes: &[u8; 16]) -> String {
    let digits = hexadecimal(bytes);
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default());
    parts.join("-")
}

/// What a row of this many values is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no row")]
pub struct NoRow;

/// Appends the bytes of a row: the same for the same values, and for them alone.
pub fn encode(row: &[Value], bytes: &mut Vec<u8>) {
    for value in row {
        match value {
            Value::Null => bytes.push(0),
            Value::Boolean(value) => bytes.push(1 + u8::from(*value)),
            Value::Integer(value) => fixed(bytes, 3, &value.to_le_bytes()),
            Value::Double(value) => fixed(bytes, 4, &canonical(*value).to_bits().to_le_bytes()),
            Value::Text(text) => sized(bytes, 5, text.as_bytes()),
            Value::Bytes(value) => sized(bytes, 6, value),
            Value::Uuid(value) => fixed(bytes, 7, value),
            Value::Moment(value) => fixed(bytes, 8, &value.to_le_bytes()),
            Value::Date(value) => fixed(bytes, 9, &value.to_le_bytes()),
            Value::Json(text) => sized(bytes, 10, text.as_bytes()),
            Value::Decimal(text) => sized(bytes, 11, text.as_bytes()),
        }
    }
}

/// SQLite knows no negative zero, and there are many bit patterns that are no number.
fn canonical(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value + 0.0 }
}

fn fixed(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    bytes.push(tag);
    bytes.extend_from_slice(value);
}

fn sized(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    // Neither database has values of 4 GiB.
    fixed(bytes, tag, &u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(value);
}

/// Takes a row of `columns` values from the beginning of `bytes`.
///
/// # Errors
/// When [`encode`] has not made them.
pub fn decode(columns: usize, bytes: &mut &[u8]) -> Result<Row, NoRow> {
    (0..columns).map(|_| one(bytes).ok_or(NoRow)).collect()
}

fn one(bytes: &mut &[u8]) -> Option<Value> {
    let [tag] = take(bytes)?;
    Some(match tag {
        0 => Value::Null,
        1 | 2 => Value::Boolean(tag == 2),
        3 => Value::Integer(i64::from_le_bytes(take(bytes)?)),
        4 => Value::Double(f64::from_bits(u64::from_le_bytes(take(bytes)?))),
        5 => Value::Text(text(bytes)?),
        6 => Value::Bytes(slice(bytes)?.to_vec()),
        7 => Value::Uuid(take(bytes)?),
        8 => Value::Moment(i64::from_le_bytes(take(bytes)?)),
        9 => Value::Date(i32::from_le_bytes(take(bytes)?)),
        10 => Value::Json(text(bytes)?),
        11 => Value::Decimal(text(bytes)?),
        _ => return None,
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn slice<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_le_bytes(take(bytes)?)).ok()?;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}

fn text(bytes: &mut &[u8]) -> Option<String> {
    String::from_utf8(slice(bytes)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Row {
        vec![
            Value::Null,
            Value::Boolean(true),
            Value::Boolean(false),
            Value::Integer(i64::MIN),
            Value::Double(0.1),
            Value::Text("kite\0é".to_owned()),
            Value::Bytes(vec![0, 255]),
            Value::Uuid([7; 16]),
            Value::Moment(-1),
            Value::Date(-1),
            Value::Json("{}".to_owned()),
            Value::Decimal("1.5".to_owned()),
        ]
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let mut bytes = Vec::new();
        encode(&all(), &mut bytes);
        let mut rest = bytes.as_slice();
        assert_eq!(decode(all().len(), &mut rest), Ok(all()));
        assert!(rest.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(decode(all().len(), &mut &bytes[..end]), Err(NoRow), "cut off at {end}");
        }
    }

    #[test]
    fn zero_has_no_sign() {
        let [mut positive, mut negative] = [Vec::new(), Vec::new()];
        encode(&[Value::Double(0.0)], &mut positive);
        encode(&[Value::Double(-0.0)], &mut negative);
        assert_eq!(positive, negative);
    }

    #[test]
    fn values_are_shown_as_people_write_them() {
        let shown: Vec<_> = all().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown.join(" "),
            "null true false -9223372036854775808 0.1 kite\\0é x'00ff' \
             07070707-0707-0707-0707-070707070707 1969-12-31T23:59:59.999999+00:00 1969-12-31 {} 1.5"
        );
    }
}
