//! The two lists in the `lib.rs` of the migrations: `mod m…;` and `Box::new(m…::Migration),`.

/// How the entry of a migration in the list ends.
const ENTRY: &str = "::Migration)";

/// The migrations that the file declares as modules, in order.
pub(super) fn modules(text: &str) -> Vec<&str> {
    text.lines().filter_map(declared).collect()
}

/// The file with this migration as the last one of both lists, and all else as it was; nothing if there is no list.
pub(super) fn with(text: &str, module: &str) -> Option<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let text = list(text, module, end)?;
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    let is_module = |line: &&str| line.starts_with("mod ") || line.starts_with("pub mod ");
    let last = lines.iter().rposition(|line| declared(line).is_some());
    let last = last.or_else(|| lines.iter().rposition(is_module))?;
    let declaration = format!("mod {module};{end}");
    lines.insert(last + 1, &declaration);
    Some(lines.concat())
}

fn list(text: &str, module: &str, end: &str) -> Option<String> {
    let entry = format!("Box::new({module}");
    let Some((before, after)) = text.rsplit_once(ENTRY) else {
        let (before, after) = text.rsplit_once("vec![")?;
        return Some(format!("{before}vec![{entry}{ENTRY}{after}"));
    };
    let line = before.lines().next_back().unwrap_or_default();
    let indent: String = line.chars().take_while(|letter| letter.is_whitespace()).collect();
    // Entries that share a line go on sharing it, until the formatter parts them.
    let alone = after.starts_with(',') && line.trim_start().starts_with("Box::new(");
    let gap = if alone { format!("{end}{indent}") } else { " ".to_owned() };
    Some(format!("{before}{ENTRY},{gap}{entry}{ENTRY}{after}"))
}

/// The migration that a line declares as a module.
fn declared(line: &str) -> Option<&str> {
    let module = line.trim_end().strip_prefix("mod ")?.strip_suffix(';')?;
    let digit = module.strip_prefix('m')?.starts_with(|letter: char| letter.is_ascii_digit());
    digit.then_some(module)
}
