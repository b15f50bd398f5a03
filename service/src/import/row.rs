//! A row of the other database, as text.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, Utc};

/// A row as it is there.
pub(super) struct Row(BTreeMap<&'static str, Option<String>>);

impl Row {
    pub(super) fn new(values: BTreeMap<&'static str, Option<String>>) -> Self {
        Self(values)
    }

    /// Its id there.
    pub(super) fn id(&self) -> String {
        self.text("id").unwrap_or_default().to_owned()
    }

    /// What a column holds, if anything.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    /// What a column holds, which must be something.
    ///
    /// # Errors
    /// Why the row cannot be brought in.
    pub(super) fn filled(&self, column: &str) -> Result<&str, String> {
        self.text(column).ok_or_else(|| format!("it has no {column}"))
    }

    /// What a column holds, if that can be stored in so many characters.
    ///
    /// # Errors
    /// Why the row cannot be brought in.
    pub(super) fn fitting(&self, column: &str, max: usize) -> Result<Option<String>, String> {
        let Some(text) = self.text(column) else { return Ok(None) };
        if text.contains('\0') {
            return Err(format!("its {column} contains a NUL character"));
        }
        if text.chars().count() > max {
            return Err(format!("its {column} is longer than {max} characters"));
        }
        Ok(Some(text.to_owned()))
    }

    /// Whether a column says so; nothing says no.
    pub(super) fn flag(&self, column: &str) -> bool {
        self.text(column).is_some_and(|text| matches!(text, "1" | "t" | "true" | "TRUE"))
    }

    /// The moment in a column, if there is one.
    ///
    /// # Errors
    /// Why the row cannot be brought in.
    pub(super) fn time(&self, column: &str) -> Result<Option<DateTime<FixedOffset>>, String> {
        let Some(text) = self.text(column) else { return Ok(None) };
        let time = moment(text).ok_or_else(|| format!("its {column} is no time: {text:?}"))?;
        Ok(Some(time.trunc_subsecs(6).fixed_offset()))
    }

    /// The moment in the first of the columns that has one.
    ///
    /// # Errors
    /// Why the row cannot be brought in.
    pub(super) fn first_time(&self, columns: &[&str]) -> Result<DateTime<FixedOffset>, String> {
        for column in columns {
            if let Some(time) = self.time(column)? {
                return Ok(time);
            }
        }
        Err(format!("it has no {}", columns.first().copied().unwrap_or_default()))
    }
}

/// A moment as it is written by those who write into such databases: ISO 8601, in UTC where no zone is given, or a
/// number since 1970, of seconds, milliseconds or microseconds: which of them is known by its size.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(number) = text.parse::<i64>() {
        return match number.unsigned_abs() {
            ..100_000_000_000 => DateTime::from_timestamp(number, 0),
            100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(number),
            _ => DateTime::from_timestamp_micros(number),
        };
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let local = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN));
    let time = local("%Y-%m-%d %H:%M:%S%.f").or_else(|| local("%Y-%m-%dT%H:%M:%S%.f")).or_else(day);
    time.map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_however_it_was_written() {
        for text in [
            "2025-03-04T05:06:07.891Z",
            "2025-03-04T06:06:07.891+01:00",
            "2025-03-04 05:06:07.891",
            "2025-03-04T05:06:07.891",
            "1741064767891",
            "1741064767891000",
        ] {
            let read = moment(text).unwrap();
            assert_eq!(read.timestamp_millis(), 1_741_064_767_891, "{text}");
        }
        assert_eq!(moment("1741064767").unwrap().timestamp(), 1_741_064_767);
        assert_eq!(moment("2025-03-04").unwrap().timestamp(), 1_741_046_400);
        for text in ["", "yesterday", "Tue Mar 04 2025", "1.5"] {
            assert!(moment(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_stored_is_told() {
        let values =
            [("name", Some("Ada".to_owned())), ("none", None), ("nul", Some("\0".to_owned()))];
        let row = Row::new(values.into());
        assert_eq!(row.fitting("name", 3), Ok(Some("Ada".to_owned())));
        assert_eq!(row.fitting("none", 3), Ok(None));
        assert!(row.fitting("name", 2).is_err() && row.fitting("nul", 3).is_err());
        assert!(row.filled("none").is_err() && row.filled("missing").is_err());
    }
}
