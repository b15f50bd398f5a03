//! Keys of several columns, of which each field tells a part.

use std::collections::BTreeMap;

use super::Table;

impl Table {
    /// Completes the keys of which fields tell only a part, for a field says one key, and a column may be in several: `known`
    /// are those that there are, by name.
    pub(in crate::diff) fn complete(&mut self, known: &BTreeMap<String, Vec<&'static str>>) {
        let Self { uniques, keys, .. } = self;
        let alone: Vec<_> =
            uniques.iter().filter(|unique| unique.len() == 1).flatten().cloned().collect();
        for unique in uniques {
            let name = unique.first().and_then(|column| keys.get(column));
            let Some((name, all)) = name.and_then(|name| known.get_key_value(name)) else {
                continue;
            };
            let says_another = |column: &str| {
                keys.get(column)
                    .map_or_else(|| alone.iter().any(|own| own == column), |own| own != name)
            };
            let own = |column: &str| unique.iter().any(|own| own == column);
            if all.len() > unique.len()
                && all.iter().all(|column| own(column) || says_another(column))
            {
                *unique = all.iter().map(|column| (*column).to_owned()).collect();
            }
        }
    }
}

/// The columns of a key in the order of its name `uq_<table>_<columns>`, if that is their order there.
pub(super) fn in_order_of(name: &str, mut columns: Vec<String>) -> Vec<String> {
    let mut sorted = columns.clone();
    let mut rest = name;
    sorted.sort_by_key(|column| std::cmp::Reverse(column.len()));
    let mut ordered = Vec::new();
    while let Some(place) = sorted.iter().position(|column| rest.ends_with(&format!("_{column}"))) {
        let column = sorted.remove(place);
        rest = rest.strip_suffix(&format!("_{column}")).unwrap_or_default();
        ordered.insert(0, column);
    }
    if sorted.is_empty() {
        columns = ordered;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_order_of_its_name() {
        let columns = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            in_order_of("uq_member_user_id_role", columns("role user_id")),
            columns("user_id role")
        );
        assert_eq!(
            in_order_of("uq_t_a_b_a", columns("a b_a")),
            columns("b_a a").into_iter().rev().collect::<Vec<_>>()
        );
        assert_eq!(in_order_of("any", columns("b a")), columns("b a"));
    }
}
