//! Times as text, in the form in which SeaORM has SQLite keep them: rows that are copied must equal rows that are written.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// As SeaORM writes a moment: UTC, with as many digits of a second as it takes, by threes. Nothing for one outside of the years 0
/// to 9999, which do not sort as text.
pub(super) fn rfc3339(micros: i64) -> Option<String> {
    of(micros).map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
}

/// As SeaORM writes a time without a zone.
pub(super) fn naive(micros: i64) -> Option<String> {
    of(micros).map(|time| time.format("%F %T%.f").to_string())
}

/// As both databases write a day.
pub(super) fn day(days: i32) -> Option<String> {
    let day = date(days).filter(|day| (0..=9999).contains(&day.year()))?;
    Some(day.format("%F").to_string())
}

fn of(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).filter(|time| (0..=9999).contains(&time.year()))
}

fn date(days: i32) -> Option<NaiveDate> {
    let first = NaiveDate::default();
    let distance = Days::new(days.unsigned_abs().into());
    if days < 0 { first.checked_sub_days(distance) } else { first.checked_add_days(distance) }
}

/// As PostgreSQL reads a moment, of any year that it has.
pub(super) fn postgres(micros: i64) -> Option<String> {
    let time = DateTime::from_timestamp_micros(micros)?;
    Some(era(time.year(), &time.format("%m-%d %H:%M:%S%.6f+00").to_string()))
}

/// As PostgreSQL reads a day.
pub(super) fn postgres_day(days: i32) -> Option<String> {
    let day = date(days)?;
    Some(era(day.year(), &day.format("%m-%d").to_string()))
}

/// The year before the first is the first before Christ.
fn era(year: i32, rest: &str) -> String {
    if year > 0 { format!("{year:04}-{rest}") } else { format!("{:04}-{rest} BC", 1 - year) }
}

/// The moment that a text says, with or without a zone; without one it is meant in UTC. Nothing for what is none, or has more
/// than microseconds: nothing is rounded.
pub(super) fn parse(text: &str) -> Option<i64> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => whole(time.to_utc()),
        Err(_) => parse_naive(text),
    }
}

/// The time that a text without a zone says.
pub(super) fn parse_naive(text: &str) -> Option<i64> {
    whole(NaiveDateTime::parse_from_str(text, "%F %T%.f").ok()?.and_utc())
}

fn whole(time: DateTime<Utc>) -> Option<i64> {
    time.timestamp_subsec_nanos().is_multiple_of(1000).then(|| time.timestamp_micros())
}

/// The day that a text says.
pub(super) fn parse_day(text: &str) -> Option<i32> {
    let day = NaiveDate::parse_from_str(text, "%F").ok()?;
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_written() {
        for (text, back) in [
            ("1970-01-01T00:00:00+00:00", Some("1970-01-01T00:00:00+00:00")),
            ("2026-09-01T12:34:56.123456+00:00", Some("2026-09-01T12:34:56.123456+00:00")),
            ("2026-09-01T12:34:56.120000Z", Some("2026-09-01T12:34:56.120+00:00")),
            ("2026-09-01 12:34:56", Some("2026-09-01T12:34:56+00:00")),
            ("2026-09-01T12:34:56+02:00", Some("2026-09-01T10:34:56+00:00")),
            ("0000-01-01T00:00:00+00:00", Some("0000-01-01T00:00:00+00:00")),
            ("9999-12-31T23:59:59.999999+00:00", Some("9999-12-31T23:59:59.999999+00:00")),
            ("2026-09-01T12:34:56.1234567+00:00", None),
            ("now", None),
            ("", None),
        ] {
            assert_eq!(parse(text).and_then(rfc3339).as_deref(), back, "{text}");
        }
    }

    #[test]
    fn times_that_one_database_has_alone() {
        let year_0 = parse("0000-06-01T00:00:00Z").unwrap();
        assert_eq!(postgres(year_0).unwrap(), "0001-06-01 00:00:00.000000+00 BC");
        let year_12026 = 317_333_116_800_000_000;
        assert_eq!(rfc3339(year_12026), None);
        assert!(postgres(year_12026).unwrap().starts_with("12025-"));
        assert_eq!(postgres(i64::MAX), None);
        assert_eq!(parse_day("1969-12-31"), Some(-1));
        assert_eq!(day(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(day(i32::MAX), None);
        assert_eq!(postgres_day(-719_529).as_deref(), Some("0002-12-31 BC"));
    }
}
