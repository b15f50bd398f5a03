//! The text of `CREATE TABLE`, edited part by part: what an edit does not name stays as it was written.

use std::fmt;

use super::{
    clause::{Clause, Column, starts},
    text::{Kind, Token, grouped, renamed, tokens},
};

/// With what a constraint of a table begins.
const OF_TABLES: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
/// A table as `CREATE TABLE` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    table: String,
    parts: Vec<Part>,
    /// What stands behind the parts: `STRICT`, `WITHOUT ROWID`.
    tail: String,
}

/// A column or a constraint, with the spaces and comments around it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    before: String,
    text: String,
    after: String,
}

impl Definition {
    /// Reads what SQLite keeps of a table.
    pub(crate) fn parse(sql: &str) -> Option<Self> {
        let all = tokens(sql);
        let open = all.iter().position(|token| token.is("("))?;
        let mut depth = 0_usize;
        let close = all.iter().skip(open).position(|token| {
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })? + open;
        let (start, end) = (all.get(open)?.at + 1, all.get(close)?.at);
        let inside = all.get(open + 1..close)?;
        // The grammar lets one forget the comma between constraints.
        let groups = grouped(inside, |group, token, _| {
            let constraint =
                group.iter().find(|token| !token.is(",")).is_some_and(|t| t.is_one_of(&OF_TABLES));
            token.is(",") || constraint && starts(group, token, &OF_TABLES)
        });
        let mut bounds: Vec<_> =
            groups.iter().skip(1).filter_map(|group| Some(group.first()?.at)).collect();
        bounds.push(end);
        let mut from = start;
        let mut parts = Vec::new();
        for (group, to) in groups.iter().zip(bounds) {
            let own: Vec<_> = group.iter().filter(|token| !is_separator(group, token)).collect();
            let first = own.first()?.at;
            let last = own.last().map(|token| token.at + token.text.len())?;
            let between = |from, to| sql.get(from..to).map(str::to_owned);
            parts.push(Part {
                before: between(from, first)?.trim_start_matches(',').to_owned(),
                text: between(first, last)?,
                after: between(last, to)?,
            });
            from = to;
        }
        let table = all.get(open.checked_sub(1)?)?.name();
        Some(Self { table, parts, tail: sql.get(end + 1..)?.to_owned() })
    }

    /// The names of its columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = String> {
        self.parts.iter().filter_map(Part::column_name)
    }

    /// Changes a column; nothing is written anew if it ends up as it was.
    ///
    /// Returns whether there is such a column.
    pub(crate) fn edit(&mut self, column: &str, edit: impl FnOnce(&mut Column)) -> bool {
        let Some(part) = self.parts.iter_mut().find(|part| part.is_column(column)) else {
            return false;
        };
        part.edit(edit);
        true
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<Column> {
        self.parts.iter().find(|part| part.is_column(name)).map(|part| Column::parse(&part.text))
    }

    /// Removes a column and the constraints that name it; returns whether there was one.
    pub(crate) fn drop_column(&mut self, name: &str) -> bool {
        let before = self.parts.len();
        self.retain(|part| !part.is_column(name));
        if self.parts.len() == before {
            return false;
        }
        self.retain(|part| part.column_name().is_some() || !mentions(own_side(&part.text), name));
        for part in &mut self.parts {
            if part.column_name().is_some() {
                part.edit(|column| {
                    column.clauses.retain(|clause| {
                        clause.keyword() != "CHECK" || !mentions(&clause.text, name)
                    });
                });
            }
        }
        true
    }

    /// Removes a constraint of the table or of a column; returns whether there was one.
    pub(crate) fn drop_constraint(&mut self, name: &str) -> bool {
        let before = self.clone();
        self.retain(|part| {
            part.column_name().is_some() || !before.calls(&Clause::of(&part.text), name)
        });
        for part in &mut self.parts {
            let Some(own) = part.column_name() else { continue };
            part.edit(|column| {
                column.clauses.retain(|clause| !before.calls(&clause.clone().of_table(&own), name));
            });
        }
        *self != before
    }

    /// Gives a constraint of the table or of a column another name; one without a name has none afterwards either.
    pub(crate) fn rename_constraint(&mut self, from: &str, to: &str) {
        for part in &mut self.parts {
            if part.column_name().is_some() {
                part.edit(|column| {
                    for clause in column.clauses.iter_mut().filter(|clause| clause.is_named(from)) {
                        *clause = Clause::of(&renamed(&clause.text, from, to));
                    }
                });
            } else if Clause::of(&part.text).is_named(from) {
                part.text = renamed(&part.text, from, to);
            }
        }
    }

    /// Adds a constraint, `CONSTRAINT "name" …`, in place of one that has its name.
    pub(crate) fn set_constraint(&mut self, name: &str, text: &str) {
        let new = Clause::of(text);
        if self.constraints().iter().any(|clause| self.calls(clause, name) && clause.says(&new)) {
            return;
        }
        self.drop_constraint(name);
        self.push(text.to_owned());
    }

    /// Puts the foreign keys in descending order of name, and last, unless they stand in that order.
    ///
    /// SQLite reports foreign keys in reverse order, PostgreSQL by name, and the generator of entities numbers several keys
    /// to one table in the order reported.
    pub(crate) fn order_foreign_keys(&mut self) {
        let mut ordered = self.clone();
        let mut keys = ordered.take_foreign_keys();
        let name = |key: &Clause| std::cmp::Reverse(self.name_of(key));
        if keys.is_sorted_by_key(name) {
            return;
        }
        keys.sort_by_key(name);
        for key in keys {
            ordered.push(key.text);
        }
        *self = ordered;
    }

    /// The name of a constraint of the table. SeaORM writes none for foreign keys of SQLite; such a key counts as named by
    /// the rule, as it is on PostgreSQL.
    fn name_of(&self, clause: &Clause) -> Option<String> {
        if clause.name.is_some() || clause.keyword() != "FOREIGN" {
            return clause.name.clone();
        }
        let own: Vec<_> = tokens(own_side(&clause.text)).iter().map(Token::name).collect();
        let columns = own.split(|token| token == "(" || token == ")").nth(1)?;
        let columns: Vec<_> = columns.iter().filter(|name| *name != ",").cloned().collect();
        Some(format!("fk_{}_{}", self.table, columns.join("_")))
    }

    fn calls(&self, clause: &Clause, name: &str) -> bool {
        self.name_of(clause).is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    fn constraints(&self) -> Vec<Clause> {
        let own = self.parts.iter().filter(|part| part.column_name().is_none());
        own.map(|part| Clause::of(&part.text)).collect()
    }

    /// Takes the foreign keys out in their order, those that are said of a column too.
    fn take_foreign_keys(&mut self) -> Vec<Clause> {
        let mut of_table = self.constraints();
        of_table.retain(|clause| clause.keyword() == "FOREIGN");
        self.retain(|part| {
            part.column_name().is_some() || Clause::of(&part.text).keyword() != "FOREIGN"
        });
        let mut keys = Vec::new();
        for part in &mut self.parts {
            let Some(name) = part.column_name() else { continue };
            part.edit(|column| {
                let (own, other) = std::mem::take(&mut column.clauses)
                    .into_iter()
                    .partition(|clause| clause.keyword() == "REFERENCES");
                column.clauses = other;
                let own: Vec<Clause> = own;
                keys.extend(own.into_iter().map(|key| key.of_table(&name)));
            });
        }
        keys.append(&mut of_table);
        keys
    }

    fn push(&mut self, text: String) {
        let (before, after) = match self.parts.last_mut() {
            Some(last) => (last.before.clone(), std::mem::take(&mut last.after)),
            None => Default::default(),
        };
        // A comment before the last part is about that part alone.
        let before = if tokens_only(&before) { before } else { " ".to_owned() };
        self.parts.push(Part { before, text, after });
    }

    fn retain(&mut self, keep: impl Fn(&Part) -> bool) {
        let after = self.parts.last().map(|last| last.after.clone());
        let dropped_last = self.parts.last().is_some_and(|last| !keep(last));
        self.parts.retain(keep);
        if let (true, Some(last), Some(after)) = (dropped_last, self.parts.last_mut(), after) {
            last.after = after;
        }
    }
}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (place, Part { before, text, after }) in self.parts.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{before}{text}{after}")?;
        }
        write!(f, "){}", self.tail)
    }
}

impl Part {
    fn column_name(&self) -> Option<String> {
        let first = tokens(&self.text).first().copied()?;
        (!first.is_one_of(&OF_TABLES)).then(|| first.name())
    }

    fn is_column(&self, name: &str) -> bool {
        self.column_name().is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Column)) {
        let before = Column::parse(&self.text);
        let mut column = before.clone();
        edit(&mut column);
        if column != before {
            self.text = column.to_string();
        }
    }
}

fn is_separator(group: &[Token<'_>], token: &Token<'_>) -> bool {
    token.is(",") && group.first() == Some(token)
}

/// Whether there are only spaces.
fn tokens_only(text: &str) -> bool {
    text.trim().is_empty()
}

/// What a constraint says of its own table: a foreign key also names columns of another.
fn own_side(constraint: &str) -> &str {
    let end = tokens(constraint).iter().find(|token| token.is("REFERENCES")).map(|token| token.at);
    end.and_then(|end| constraint.get(..end)).unwrap_or(constraint)
}

/// Whether SQL has a name in it that is not the name of a function.
pub(crate) fn mentions(sql: &str, name: &str) -> bool {
    let all = tokens(sql);
    all.iter().enumerate().any(|(place, token)| {
        let called = all.get(place + 1).is_some_and(|next| next.is("("));
        token.names(name) && !(called && token.kind == Kind::Word)
    })
}
