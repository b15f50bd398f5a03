//! JSON documents in one form: PostgreSQL orders members and writes numbers in its own way, SQLite keeps what it was given.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::decimal::expanded;

/// How deep documents go; `serde_json` reads no deeper ones.
const DEPTH: usize = 128;

/// The document without spaces, its members in order of their names, each once, the last one; its numbers as PostgreSQL writes
/// them. Nothing for what is no JSON.
pub(super) fn canonical(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len());
    append(text, DEPTH, &mut written)?;
    Some(written)
}

fn append(text: &str, depth: usize, written: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    match text.bytes().next()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let mut separator = '{';
            for (name, value) in &members {
                written.push(separator);
                written.push_str(&serde_json::to_string(name).ok()?);
                written.push(':');
                append(value.get(), depth, written)?;
                separator = ',';
            }
            written.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let mut separator = '[';
            for item in &items {
                written.push(separator);
                append(item.get(), depth, written)?;
                separator = ',';
            }
            written.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        b'"' => {
            let string: String = serde_json::from_str(text).ok()?;
            written.push_str(&serde_json::to_string(&string).ok()?);
        }
        b't' | b'f' | b'n' => {
            serde_json::from_str::<Option<bool>>(text).ok()?;
            written.push_str(text);
        }
        _ => {
            serde_json::from_str::<&RawValue>(text).ok()?;
            written.push_str(&expanded(text));
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_one_form() {
        for (written, expected) in [
            (
                r#" { "b" : 1e2, "a" : [ true , null ], "b" : 2.50 } "#,
                Some(r#"{"a":[true,null],"b":2.50}"#),
            ),
            (r#""\u00e9\/\ud83d\ude00\n""#, Some("\"é/😀\\n\"")),
            ("{}", Some("{}")),
            ("[ ]", Some("[]")),
            ("-0.0", Some("0.0")),
            ("123456789012345678901234567890", Some("123456789012345678901234567890")),
            (r#""\ud800""#, None),
            ("01", None),
            ("{a: 1}", None),
            ("nul", None),
            ("", None),
            ("1 2", None),
        ] {
            assert_eq!(canonical(written).as_deref(), expected, "{written}");
        }
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(canonical(&nested(DEPTH)).is_some());
        assert_eq!(canonical(&nested(10_000)), None);
    }
}
