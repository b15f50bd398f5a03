//! What is wrong, in as few words as possible.

use super::Outcome;
use crate::harness::Client;
use crate::model::world::View;
use crate::model::{Predicate, Query};

/// The least query that still has several answers.
pub(super) async fn shrunk(
    view: &View<'_>,
    clients: &[Client; 2],
    query: Query,
    outcome: Outcome,
) -> (Query, Outcome) {
    let (mut query, mut outcome) = (query, outcome);
    'smaller: loop {
        for candidate in smaller(&query) {
            let other = Outcome::of(view.answer(&candidate), clients, &candidate).await;
            if !other.agrees() {
                (query, outcome) = (candidate, other);
                continue 'smaller;
            }
        }
        return (query, outcome);
    }
}

/// The queries that lack one part of this one.
fn smaller(query: &Query) -> Vec<Query> {
    let mut queries = Vec::new();
    let mut change = |change: &dyn Fn(&mut Query)| {
        let mut smaller = query.clone();
        change(&mut smaller);
        queries.push(smaller);
    };
    for index in 0..query.filter.len() {
        change(&|query| drop(query.filter.remove(index)));
        for part in parts(&query.filter[index]) {
            change(&|query| query.filter[index] = part.clone());
        }
    }
    for index in 0..query.having.len() {
        change(&|query| drop(query.having.remove(index)));
        for part in parts(&query.having[index]) {
            change(&|query| query.having[index] = part.clone());
        }
    }
    for index in 0..query.sort.len() {
        change(&|query| drop(query.sort.remove(index)));
    }
    let lists: [fn(&mut Query) -> &mut Vec<String>; 4] = [
        |query| &mut query.fields,
        |query| &mut query.include,
        |query| &mut query.select,
        |query| &mut query.group_by,
    ];
    for names in lists {
        for index in 0..names(&mut query.clone()).len() {
            change(&|query| drop(names(query).remove(index)));
        }
    }
    let scalars: [fn(&mut Query) -> &mut Option<String>; 5] = [
        |query| &mut query.page,
        |query| &mut query.cursor,
        |query| &mut query.limit,
        |query| &mut query.count,
        |query| &mut query.stray,
    ];
    for scalar in scalars {
        if scalar(&mut query.clone()).is_some() {
            change(&|query| *scalar(query) = None);
        }
    }
    queries
}

/// What a predicate can be cut down to.
fn parts(predicate: &Predicate) -> Vec<Predicate> {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => {
            let mut smaller = parts.clone();
            for index in (0..parts.len()).filter(|_| parts.len() > 1) {
                let mut rest = parts.clone();
                rest.remove(index);
                smaller.push(match predicate {
                    Predicate::All(_) => Predicate::All(rest),
                    _ => Predicate::Any(rest),
                });
            }
            smaller
        }
        Predicate::Not(inner) => {
            let smaller = parts_of_not(inner);
            smaller.into_iter().chain([(**inner).clone()]).collect()
        }
        Predicate::Test(_) => Vec::new(),
    }
}

fn parts_of_not(inner: &Predicate) -> Vec<Predicate> {
    let groups = parts(inner).into_iter();
    let groups = groups.filter(|part| matches!(part, Predicate::All(_) | Predicate::Any(_)));
    groups.map(|part| Predicate::Not(Box::new(part))).collect()
}
