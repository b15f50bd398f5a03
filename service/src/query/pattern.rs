//! Patterns, with the same meaning on both databases.
//!
//! Text is compared character by character. Without regard to case, a letter of the pattern matches itself and its
//! lower-case and upper-case forms (those of Unicode that are one character), whatever the databases' locales.

use std::fmt::Write;

use sea_orm::{
    DbBackend,
    sea_query::{
        BinOper, Expr, ExprTrait, LikeExpr,
        extension::{postgres::PgExpr, sqlite::SqliteExpr},
    },
};

use super::ast::Pattern;

/// That `subject` matches the pattern.
pub(crate) fn matches(backend: DbBackend, subject: Expr, pattern: &Pattern) -> Expr {
    let folds_beyond_ascii = pattern.insensitive && !pattern.text.is_ascii();
    match backend {
        // SQLite's LIKE always folds ASCII letters and no others, so everything else is a GLOB there.
        DbBackend::Sqlite if folds_beyond_ascii || !pattern.insensitive => {
            let push = if pattern.insensitive { glob_insensitive } else { glob };
            subject.glob(render(pattern, "*", push))
        }
        DbBackend::Sqlite => subject.like(LikeExpr::new(render(pattern, "%", like)).escape('\\')),
        // PostgreSQL's ILIKE folds by the column's collation, which is "C" here: ASCII letters only.
        _ if folds_beyond_ascii || pattern.text.find(REPLACED).is_some() => {
            let push = if pattern.insensitive { insensitive_expression } else { expression };
            let expression = ["^", &render(pattern, ".*", push), "$"].concat();
            subject.binary(BinOper::Custom("~"), expression)
        }
        // A backslash escapes by default there, and sea-query puts ILIKE's ESCAPE inside parentheses.
        _ if pattern.insensitive => subject.ilike(render(pattern, "%", like)),
        _ => subject.like(LikeExpr::new(render(pattern, "%", like)).escape('\\')),
    }
}

/// U+FFFD and what SQLite reads as U+FFFD: two code points that are no characters. Patterns take the three for one.
const REPLACED: [char; 3] = ['\u{FFFD}', '\u{FFFE}', '\u{FFFF}'];

fn render(pattern: &Pattern, wildcard: &str, push: fn(&mut String, char)) -> String {
    let mut text = String::with_capacity(pattern.text.len() + 8);
    for (index, part) in pattern.parts().into_iter().enumerate() {
        if index > 0 {
            text.push_str(wildcard);
        }
        part.chars().for_each(|letter| push(&mut text, letter));
    }
    text
}

fn like(text: &mut String, letter: char) {
    if matches!(letter, '%' | '_' | '\\') {
        text.push('\\');
    }
    text.push(letter);
}

fn glob(text: &mut String, letter: char) {
    match letter {
        '*' | '?' | '[' => text.extend(['[', letter, ']']),
        _ => text.push(letter),
    }
}

fn glob_insensitive(text: &mut String, letter: char) {
    match forms(letter) {
        [lower, upper] if lower == upper => glob(text, letter),
        forms => {
            text.push('[');
            text.extend(forms);
            text.extend((!forms.contains(&letter)).then_some(letter));
            text.push(']');
        }
    }
}

fn expression(text: &mut String, letter: char) {
    if REPLACED.contains(&letter) {
        text.push('[');
        text.extend(REPLACED);
        text.push(']');
        return;
    }
    if letter.is_ascii_punctuation() {
        text.push('\\');
    }
    text.push(letter);
}

fn insensitive_expression(text: &mut String, letter: char) {
    match forms(letter) {
        [lower, upper] if lower == upper => expression(text, letter),
        // Writing to a String does not fail.
        [lower, upper] => drop(write!(text, "[{letter}{lower}{upper}]")),
    }
}

/// The letter in lower and in upper case; where such a form is several characters, the letter stands for itself.
fn forms(letter: char) -> [char; 2] {
    let single = |mut form: Box<dyn Iterator<Item = char>>| match (form.next(), form.next()) {
        (Some(form), None) => form,
        _ => letter,
    };
    [single(Box::new(letter.to_lowercase())), single(Box::new(letter.to_uppercase()))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::ast::Form;

    #[test]
    fn letters_have_their_two_forms() {
        for (letter, forms) in [
            ('é', ['é', 'É']),
            ('É', ['é', 'É']),
            ('ß', ['ß', 'ß']),
            ('İ', ['İ', 'İ']),
            ('ς', ['ς', 'Σ']),
            ('1', ['1', '1']),
            ('\u{212A}', ['k', '\u{212A}']),
        ] {
            assert_eq!(super::forms(letter), forms, "{letter}");
        }
    }

    #[test]
    fn beyond_ascii_each_letter_becomes_a_class() {
        let pattern = Pattern { form: Form::Like, text: "*é[a.*".to_owned(), insensitive: true };
        assert_eq!(render(&pattern, "*", glob_insensitive), "*[éÉ][[][aA].*");
        assert_eq!(render(&pattern, ".*", insensitive_expression), r".*[ééÉ]\[[aaA]\..*");
    }
}
