//! Searches in SQL, on the side table of a table (see [`super::index`](mod@super::index)).
//!
//! The database's own index finds the rows that have all words of an alternative; what an index cannot tell (which words
//! follow one another, which are not there) is asked of those rows alone.

use sea_orm::{
    Condition, DbBackend,
    sea_query::{Alias, Expr, ExprTrait, Func, Query},
};

use super::{Alternative, Search, Term, index::side_table};
use crate::table::Table;

/// That a row of `table` satisfies the search.
pub(crate) fn condition(table: &Table, backend: DbBackend, search: &Search) -> Condition {
    let alternatives = search.alternatives.iter().map(|alternative| {
        let rows = Query::select()
            .column("id")
            .from(side_table(table))
            .cond_where(holds(table, backend, alternative))
            .take();
        Expr::col((table.name, "id")).in_subquery(rows)
    });
    alternatives.fold(Condition::any(), Condition::add)
}

fn holds(table: &Table, backend: DbBackend, alternative: &Alternative) -> Condition {
    let mut all = Condition::all().add(has_words(table, backend, &alternative.wanted));
    for term in alternative.wanted.iter().filter(|term| term.words.len() > 1) {
        all = all.add(somewhere(table, backend, term));
    }
    for term in &alternative.unwanted {
        all = all.add(somewhere(table, backend, term).not());
    }
    all
}

/// That the index has all words of all terms, in whichever fields.
fn has_words(table: &Table, backend: DbBackend, terms: &[Term]) -> Expr {
    let words = terms.iter().flat_map(|term| {
        let last = term.words.len() - 1;
        term.words.iter().enumerate().map(move |(at, word)| (word, term.prefix && at == last))
    });
    // A word is letters and digits: nothing in it ends a quotation.
    if backend == DbBackend::Sqlite {
        let words: Vec<_> = words
            .map(|(word, prefix)| format!("\"{word}\"{}", if prefix { "*" } else { "" }))
            .collect();
        let index = Alias::new(format!("_{}_search_words", table.name));
        let found = Query::select()
            .column("rowid")
            .from(index.clone())
            .and_where(Expr::cust_with_exprs(
                "? MATCH ?",
                [Expr::col(index), Expr::val(words.join(" AND "))],
            ))
            .take();
        Expr::col("number").in_subquery(found)
    } else {
        let words: Vec<_> = words
            .map(|(word, prefix)| format!("'{word}'{}", if prefix { ":*" } else { "" }))
            .collect();
        Expr::cust_with_exprs(
            "$1 @@ CAST($2 AS tsquery)",
            [Expr::col("vector"), Expr::val(words.join(" & "))],
        )
    }
}

/// That the words follow one another in some field.
fn somewhere(table: &Table, backend: DbBackend, term: &Term) -> Expr {
    let fields = table.search.iter().map(|column| follows(backend, column.column, term));
    fields.reduce(ExprTrait::or).unwrap_or_else(|| Expr::val(false))
}

/// That the words follow one another in the folded text of `column`.
fn follows(backend: DbBackend, column: &'static str, term: &Term) -> Expr {
    let sought = format!(" {}{}", term.words.join(" "), if term.prefix { "" } else { " " });
    let find = if backend == DbBackend::Sqlite { "instr" } else { "strpos" };
    let text = Expr::cust_with_exprs(
        if backend == DbBackend::Sqlite { "' ' || ? || ' '" } else { "' ' || $1 || ' '" },
        [Expr::col(column)],
    );
    Expr::expr(Func::cust(find).arg(text).arg(sought)).gt(0)
}

/// How well a row of `table` fits: for each term and each field that has it, the field's weight, which is the higher
/// the earlier the resource declares the field.
pub(crate) fn rank(table: &Table, backend: DbBackend, search: &Search) -> Expr {
    let weights = (1..=table.search.len()).rev().filter_map(|weight| i32::try_from(weight).ok());
    let fields: Vec<_> = table.search.iter().zip(weights).collect();
    let points = search.wanted().flat_map(|term| {
        fields.iter().map(move |(column, weight)| {
            let found = follows(backend, column.column, term);
            Expr::case(found, *weight).finally(0).into()
        })
    });
    let sum = points.reduce(|sum: Expr, more: Expr| sum.add(more)).unwrap_or_else(|| Expr::val(0));
    let side = side_table(table);
    let row = Query::select()
        .expr(sum.cast_as("bigint"))
        .from(side.clone())
        .and_where(Expr::col((side, "id")).equals((table.name, "id")))
        .take();
    // Every row that was found has a row there; in the type of a key of the order, it cannot be null.
    Expr::expr(Func::coalesce([Expr::SubQuery(None, Box::new(row.into())), Expr::val(0_i64)]))
}
