//! Replaces what differs from run to run, so that a snapshot holds the rest byte for byte.

use std::collections::BTreeMap;

/// What stands before values that differ from run to run, what stands for them, and what ends them.
const SECRETS: [(&str, &str, char); 5] = [
    (r#""requestId":""#, "[request]", '"'),
    (r#""token":""#, "[token]", '"'),
    (r#""nextCursor":""#, "[cursor]", '"'),
    (r#""prevCursor":""#, "[cursor]", '"'),
    ("&cursor=", "[cursor]", '&'),
];

/// Replaces known users by `[name]`, other UUIDs by `[id-1]`, `[id-2]` in order of appearance, times by `[time]`,
/// the server's address by `[host]`, and the values of [`SECRETS`].
pub(crate) fn normalise(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut ids: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(uuid) = rest.get(..36).filter(|uuid| is_uuid(uuid)) {
            let label = names.get(uuid).cloned().unwrap_or_else(|| {
                let number = ids.iter().position(|id| *id == uuid).unwrap_or_else(|| {
                    ids.push(uuid);
                    ids.len() - 1
                });
                format!("id-{}", number + 1)
            });
            out.extend(["[", &label, "]"]);
            36
        } else if rest.get(..24).is_some_and(is_time) {
            out.push_str("[time]");
            24
        } else if let Some(port) = rest.strip_prefix("127.0.0.1:") {
            out.push_str("[host]");
            rest.len() - port.len() + digits(port)
        } else if let Some((key, label, end)) =
            SECRETS.iter().find(|(key, _, _)| rest.starts_with(key))
        {
            let length = rest[key.len()..].find(*end).unwrap_or(0);
            out.extend([*key, if length == 0 { "" } else { label }]);
            key.len() + length
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_uuid(text: &str) -> bool {
    matches(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

/// Exactly the form that the contract promises: UTC with three fractional digits.
fn is_time(text: &str) -> bool {
    matches(text, "9999-99-99T99:99:99.999Z")
}

/// Whether `text` has the shape of `pattern`: `9` stands for a digit, `x` for a lower-case hexadecimal one.
fn matches(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, shape)| match shape {
            b'9' => byte.is_ascii_digit(),
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            _ => byte == shape,
        })
}

/// Puts each member of a long JSON text, and each item of its lists, on a line of its own. Changes nothing else:
/// the order of the members is the server's.
pub(crate) fn lay_out(json: &str) -> String {
    if json.len() <= 100 || !json.starts_with(['{', '[']) {
        return json.to_owned();
    }
    let mut out = String::new();
    // For each open bracket, whether it is broken into lines.
    let mut open: Vec<bool> = Vec::new();
    let (mut quoted, mut escaped) = (false, false);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if quoted {
            out.push(character);
            quoted = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '{' | '[' => {
                let list_of_rows = character == '[' && characters.peek() == Some(&'{');
                let broken = open.is_empty() || (open.len() == 1 && list_of_rows);
                open.push(broken);
                out.push(character);
                if broken {
                    break_line(&mut out, &open);
                }
            }
            '}' | ']' => {
                if open.pop() == Some(true) {
                    break_line(&mut out, &open);
                }
                out.push(character);
            }
            ',' => {
                out.push(character);
                if open.last() == Some(&true) {
                    break_line(&mut out, &open);
                }
            }
            _ => {
                quoted = character == '"';
                out.push(character);
            }
        }
    }
    out
}

fn break_line(out: &mut String, open: &[bool]) {
    out.push('\n');
    for _ in open {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let ada = "0197a000-0000-7000-8000-00000000000a";
        let text = format!(
            r#"{{"ownerId":"{ada}","id":"0197a000-0000-7000-8000-000000000001","at":"2026-01-31T09:00:00.000Z","requestId":"x-1"}}"#
        );
        let names = BTreeMap::from([(ada.to_owned(), "ada".to_owned())]);
        assert_eq!(
            normalise(&text, &names),
            r#"{"ownerId":"[ada]","id":"[id-1]","at":"[time]","requestId":"[request]"}"#
        );
        assert_eq!(normalise("http://127.0.0.1:8080/é", &names), "http://[host]/é");
        // A time in any other form is a mistake, and stays visible.
        assert_eq!(normalise("2026-01-31T09:00:00Z", &names), "2026-01-31T09:00:00Z");
    }

    #[test]
    fn a_long_body_is_laid_out_by_members_and_rows() {
        let row = format!(r#"{{"name":"a, {{b}} \" {}"}}"#, "c".repeat(80));
        assert_eq!(
            lay_out(&format!(r#"{{"items":[{row}],"total":1}}"#)),
            format!("{{\n  \"items\":[\n    {row}\n  ],\n  \"total\":1\n}}")
        );
    }
}
