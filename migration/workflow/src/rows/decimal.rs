//! Numbers as text, in one form.

/// A number of JSON as PostgreSQL's `jsonb` writes it: without an exponent, and with the zeros at its end. One of more than a
/// thousand digits before or behind the point stays as it is.
pub(super) fn expanded(number: &str) -> String {
    let Some(parts) = Parts::of(number).filter(|parts| parts.exponent.unsigned_abs() <= 1_000)
    else {
        return number.to_owned();
    };
    let Parts { negative, whole, fraction, exponent } = parts;
    let digits = format!("{whole}{fraction}");
    // Where the point is, counted from the first digit.
    let point = i64::try_from(whole.len()).unwrap_or_default() + exponent;
    let padded = match usize::try_from(-point) {
        Ok(missing) => format!("{}{digits}", "0".repeat(missing)),
        Err(_positive) => digits,
    };
    let point = usize::try_from(point).unwrap_or_default();
    let (whole, fraction) = padded.split_at_checked(point).map_or_else(
        || (format!("{padded}{}", "0".repeat(point.saturating_sub(padded.len()))), ""),
        |(whole, fraction)| (whole.to_owned(), fraction),
    );
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let is_zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
    let sign = if negative && !is_zero { "-" } else { "" };
    let separator = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{separator}{fraction}")
}

/// The same number without zeros at its end.
pub(super) fn trimmed(number: &str) -> String {
    let expanded = expanded(number);
    if expanded.contains('.') {
        expanded.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        expanded
    }
}

struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Parts<'a> {
    fn of(number: &'a str) -> Option<Self> {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        let exponent = exponent.parse().ok()?;
        (plain(whole) && plain(fraction)).then_some(Self { negative, whole, fraction, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        // The second column is what PostgreSQL 15 makes of the first as jsonb.
        for (written, expected, short) in [
            ("0", "0", "0"),
            ("-0", "0", "0"),
            ("-0.0", "0.0", "0"),
            ("1e3", "1000", "1000"),
            ("1.50e1", "15.0", "15"),
            ("1e-3", "0.001", "0.001"),
            ("-12.5E-1", "-1.25", "-1.25"),
            ("0e5", "0", "0"),
            ("0.00e1", "0.0", "0"),
            ("1E+2", "100", "100"),
            ("120", "120", "120"),
            ("1.10", "1.10", "1.1"),
            (
                "123456789012345678901234567890.5",
                "123456789012345678901234567890.5",
                "123456789012345678901234567890.5",
            ),
            ("1e99999999", "1e99999999", "1e99999999"),
            ("NaN", "NaN", "NaN"),
        ] {
            assert_eq!(
                (expanded(written).as_str(), trimmed(written).as_str()),
                (expected, short),
                "{written}"
            );
        }
    }
}
