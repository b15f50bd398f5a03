//! The sources of migrations: which were changed, and what is written in them for the rules.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::git;

/// How a comment for the rules begins.
const MARK: &str = "// lint:";

/// A comment in the source of a migration: `// lint: allow <rule>: <reason>`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Comment {
    /// What the rule finds in this migration is as it should be, because…
    Allow { rule: String, reason: String },
    /// It says something else.
    Invalid(String),
}

/// The comments in a source, in order.
pub(crate) fn comments(text: &str) -> Vec<Comment> {
    let comments = text.lines().filter_map(|line| line.trim().strip_prefix(MARK));
    let read = |comment: &str| {
        let allow = comment.trim().strip_prefix("allow ").and_then(|rest| rest.split_once(':'));
        match allow.map(|(rule, reason)| (rule.trim(), reason.trim())) {
            Some((rule, reason)) if !reason.is_empty() => {
                Comment::Allow { rule: rule.to_owned(), reason: reason.to_owned() }
            }
            _ => Comment::Invalid(format!("{MARK}{comment}")),
        }
    };
    comments.map(read).collect()
}

/// The file of a migration.
pub(crate) fn file(folder: &Path, migration: &str) -> PathBuf {
    folder.join(format!("{migration}.rs"))
}

/// Which of the migrations were added or changed since a revision, on this branch or in files that are not yet committed.
///
/// # Errors
/// When git is not there or does not know the revision.
pub fn changed(
    folder: &Path,
    revision: &str,
    migrations: &[String],
) -> anyhow::Result<Vec<String>> {
    // What the branch has done since it left the other one, not what that has done since.
    let base = git::run(
        folder,
        &["merge-base", "HEAD", &format!("{}^{{commit}}", git::revision(revision)?)],
    )?;
    let diff = git::run(
        folder,
        &[
            "diff",
            "--name-only",
            "--no-renames",
            "--relative",
            "--diff-filter=d",
            base.trim(),
            "--",
            ".",
        ],
    )?;
    let new = git::run(folder, &["ls-files", "--others", "--exclude-standard", "--", "."])?;
    let changed: Vec<_> = diff.lines().chain(new.lines()).map(Path::new).collect();
    let is_changed = |name: &&String| changed.contains(&Path::new(&format!("{name}.rs")));
    Ok(migrations.iter().filter(is_changed).cloned().collect())
}

/// What is written in the source of a migration; nothing, if it has no file of its own.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn comments_of(folder: &Path, migration: &str) -> anyhow::Result<Vec<Comment>> {
    let path = file(folder, migration);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(comments(&text))
}

#[cfg(test)]
mod tests {
    use super::{
        Comment::{Allow, Invalid},
        *,
    };

    #[test]
    fn a_comment_names_a_rule_and_gives_a_reason() {
        let text = "// lint: allow ban-drop-table: unused since 1.2\n    // lint: allow x:\n// lint: ban\nlet a; // lint: allow y: z";
        assert_eq!(
            comments(text),
            [
                Allow { rule: "ban-drop-table".to_owned(), reason: "unused since 1.2".to_owned() },
                Invalid("// lint: allow x:".to_owned()),
                Invalid("// lint: ban".to_owned()),
            ]
        );
    }
}
