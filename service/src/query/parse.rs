//! From a query string to a [`ListQuery`]: pure syntax, no table in sight.

use percent_encoding::percent_decode_str;

use super::{
    MAX_INCLUDES, MAX_LIMIT, MAX_PREDICATES, MAX_QUERY_BYTES, MAX_ROWS_DEEP, MAX_SORT_KEYS,
    ast::{ListQuery, Path, Predicate, SortKey, Test, Window},
    check_count,
    cursor::Cursors,
    group::{Group, list_operation, operation, strip_not},
};
use crate::{Error, Result};

impl ListQuery {
    /// Reads a query string as it stands in the URL, without the `?`.
    ///
    /// # Errors
    /// `BadQuery` naming the first parameter that cannot be understood.
    pub fn parse(query: &str, cursors: &Cursors) -> Result<Self> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(Error::bad_query(
                "",
                format!("the query is longer than {MAX_QUERY_BYTES} bytes"),
            ));
        }
        let mut list = Self::default();
        let mut page = 1;
        let mut tests = Vec::new();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, name)?;
            let value = decode(&name, value)?;
            let once = matches!(&*name, "page" | "limit" | "sort" | "fields" | "include");
            if once && seen.contains(&name) {
                return Err(Error::bad_query(name, "is given twice"));
            }
            match &*name {
                "page" => page = number(&name, &value, u64::MAX)?,
                "cursor" => {
                    let position =
                        if value.is_empty() { None } else { Some(cursors.open(&value)?) };
                    list.window = Window::Cursor(position);
                }
                "limit" => list.limit = number(&name, &value, MAX_LIMIT)?,
                "sort" => list.sort = sort_keys(&value)?,
                "fields" => list.fields = Some(names(&name, &value, usize::MAX)?),
                "include" => list.include = names(&name, &value, MAX_INCLUDES)?,
                "and" | "or" | "not.and" | "not.or" => {
                    tests.push(Group::of(&name, &value).whole(&name)?);
                }
                "select" => {
                    let figures = value.split(',').filter_map(super::ast::Figure::parse).collect();
                    aggregate(&mut list).select = figures;
                }
                "groupBy" => {
                    let keys = value.split(',').map(super::ast::GroupKey::parse).collect();
                    aggregate(&mut list).group_by = keys;
                }
                "having" => {
                    let (left, right) = value.split_once("().").unwrap_or_default();
                    let t = test(&(left.to_owned() + "()"), right)?;
                    aggregate(&mut list).having = t;
                }
                "count" => {
                    list.count = Some(match &*value {
                        "exact" => super::ast::Count::Exact,
                        "bounded" => super::ast::Count::Bounded,
                        _ => super::ast::Count::None,
                    });
                }
                "q" => {
                    return Err(Error::bad_query(name, "is not supported on this list"));
                }
                _ => tests.push(test(&name, &value)?),
            }
            let count = tests.iter().map(Predicate::size).sum();
            check_count(&name, count, MAX_PREDICATES, "predicates")?;
            seen.push(name);
        }
        if page.saturating_mul(list.limit) > MAX_ROWS_DEEP {
            let message =
                format!("page × limit may reach {MAX_ROWS_DEEP} rows at most: narrow the filter");
            return Err(Error::bad_query("page", message));
        }
        if list.window == Window::Page(1) {
            list.window = Window::Page(page);
        }
        list.filter = Predicate::All(tests);
        Ok(list)
    }
}

fn aggregate(list: &mut ListQuery) -> &mut super::ast::Aggregate {
    list.aggregate.get_or_insert(super::ast::Aggregate {
        select: vec![],
        group_by: vec![],
        having: Predicate::All(vec![]),
    })
}

fn decode(parameter: &str, text: &str) -> Result<String> {
    let text = text.replace('+', " ");
    let text = percent_decode_str(&text)
        .decode_utf8()
        .map_err(|_invalid| Error::bad_query(parameter, "is not UTF-8 once percent-decoded"))?;
    if text.contains('\0') {
        return Err(Error::bad_query(
            parameter.replace('\0', ""),
            "contains U+0000, which no text here can hold",
        ));
    }
    Ok(text.into_owned())
}

fn number(parameter: &str, text: &str, most: u64) -> Result<u64> {
    let number =
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| {
        let most = if most == u64::MAX { "up".to_owned() } else { format!("to {most}") };
        Error::bad_query(parameter, format!("is {text:?}; give a whole number from 1 {most}"))
    })
}

fn names(parameter: &str, text: &str, most: usize) -> Result<Vec<String>> {
    let names: Vec<_> = text.split(',').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err(Error::bad_query(parameter, "is a list of names with commas between them"));
    }
    check_count(parameter, names.len(), most, "names")?;
    Ok(names)
}

fn sort_keys(text: &str) -> Result<Vec<SortKey>> {
    let keys = names("sort", text, MAX_SORT_KEYS)?;
    Ok(keys
        .into_iter()
        .map(|key| {
            let (key, nulls_first) = match key.strip_suffix(".nullsfirst") {
                Some(key) => (key.to_owned(), true),
                None => (key, false),
            };
            let (field, descending) = match key.strip_prefix('-') {
                Some(field) => (field.to_owned(), true),
                None => (key, false),
            };
            SortKey { field, descending, nulls_first }
        })
        .collect())
}

/// A parameter that is a test of a field; its value runs to the end and needs no quotes.
fn test(parameter: &str, text: &str) -> Result<Predicate> {
    let (negated, text) = strip_not(text);
    let (operator, operand) = text.split_once('.').unwrap_or((text, ""));
    let operation = match operator {
        "in" | "nin" | "between" => {
            let mut group = Group::of(parameter, operand);
            let values = group.values()?;
            group.end()?;
            list_operation(parameter, operator, values)?
        }
        _ => operation(parameter, operator, operand.to_owned())?,
    };
    let mut relations: Vec<_> = parameter.split('.').map(str::to_owned).collect();
    let field = relations.pop().unwrap_or_default();
    let path = Path { relations, field };
    Ok(Predicate::Test(Test { parameter: parameter.to_owned(), path, operation }).negate(negated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::ast::{Form, Operation, Pattern};

    fn parse(query: &str) -> Result<ListQuery> {
        ListQuery::parse(query, &Cursors::new("a secret"))
    }

    fn only_test(query: &str) -> Operation {
        match parse(query).map(|list| list.filter) {
            Ok(Predicate::All(tests)) => match tests.as_slice() {
                [Predicate::Test(test)] => test.operation.clone(),
                other => panic!("{query}: {other:?}"),
            },
            other => panic!("{query}: {other:?}"),
        }
    }

    fn pattern(form: Form, text: &str, insensitive: bool) -> Operation {
        Operation::Like(Pattern { form, text: text.to_owned(), insensitive })
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        let text = |text: &str| text.to_owned();
        for (query, meaning) in [
            ("name=eq.a.b", Operation::Eq(text("a.b"))),
            ("name=eq.", Operation::Eq(text(""))),
            ("name=eq.%22x%22", Operation::Eq(text("\"x\""))),
            ("name=eq.a+b%2Bc", Operation::Eq(text("a b+c"))),
            ("name=eq.a=b", Operation::Eq(text("a=b"))),
            ("name=ne.null", Operation::Ne(text("null"))),
            ("name=like.a*b", pattern(Form::Like, "a*b", false)),
            ("name=ilike.*%25_*", pattern(Form::Like, "*%_*", true)),
            ("name=contains.a*", pattern(Form::Contains, "a*", false)),
            ("name=istartswith.a", pattern(Form::StartsWith, "a", true)),
            (
                "name=in.(a,%22b,c%22,%22q%5C%22%22)",
                Operation::In(vec![text("a"), text("b,c"), text("q\"")]),
            ),
            ("name=nin.()", Operation::NotIn(vec![])),
            ("at=between.(1,2)", Operation::Between(text("1"), text("2"))),
            ("name=is.notnull", Operation::IsNotNull),
        ] {
            assert_eq!(only_test(query), meaning, "{query}");
        }
    }

    #[test]
    fn groups_nest_and_negate() {
        let list = parse("or=(a.eq.1,not.and(b.is.null,c.not.in.(2,3)))&not.or=(d.eq.%22(%22)")
            .expect("valid");
        let Predicate::All(tests) = &list.filter else { panic!("{list:?}") };
        assert_eq!(tests.len(), 2);
        assert_eq!(list.filter.size(), 4);
        assert!(
            matches!(&tests[0], Predicate::Any(items) if matches!(&items[1], Predicate::Not(_)))
        );
        assert!(matches!(&tests[1], Predicate::Not(_)));
    }

    #[test]
    fn sort_fields_include_and_pages() {
        let list = parse(
            "sort=-createdAt,name.nullsfirst&fields=id,name&include=owner,tasks&page=3&limit=7",
        );
        let list = list.expect("valid");
        let keys: Vec<_> =
            list.sort.iter().map(|key| (&*key.field, key.descending, key.nulls_first)).collect();
        assert_eq!(keys, [("createdAt", true, false), ("name", false, true)]);
        assert_eq!(list.fields, Some(vec!["id".to_owned(), "name".to_owned()]));
        assert_eq!((list.include.len(), list.window, list.limit), (2, Window::Page(3), 7));
    }

    #[test]
    fn what_is_wrong_is_refused_and_named() {
        let long = format!("name=eq.{}", "a".repeat(MAX_QUERY_BYTES));
        let many = "a=eq.1&".repeat(MAX_PREDICATES + 1);
        let deep = format!("or={}a.eq.1{}", "(and".repeat(6), ")".repeat(6));
        let values = format!("a=in.({})", vec!["1"; 101].join(","));
        for (query, parameter) in [
            ("page=0", "page"),
            ("page=-1", "page"),
            ("page=1x", "page"),
            ("page=99999999999999999999", "page"),
            ("page=1001&limit=10", "page"),
            ("limit=101", "limit"),
            ("limit=", "limit"),
            ("page=1&page=2", "page"),
            ("sort=", "sort"),
            ("sort=a,b,c,d,e,f", "sort"),
            ("include=a,b,c,d,e,f", "include"),
            ("fields=a,,b", "fields"),
            ("name=x", "name"),
            ("name=foo.x", "name"),
            ("name", "name"),
            ("name=is.maybe", "name"),
            ("name=in.(a", "name"),
            ("name=in.a", "name"),
            ("name=in.(a)b", "name"),
            ("name=between.(a)", "name"),
            ("name=in.(%22a)", "name"),
            ("name=eq.%00", "name"),
            ("name=eq.%FF", "name"),
            ("or=a.eq.1", "or"),
            ("or=()", "or"),
            ("or=(a.eq.1", "or"),
            ("or=(a.eq.1)x", "or"),
            ("or=(a.eq.(1))", "or"),
            (&deep, "or"),
            (&values, "a"),
            ("q=x", "q"),
            ("cursor=x", "cursor"),
            (&many, "a"),
            (&long, ""),
        ] {
            match parse(query) {
                Err(Error::BadQuery { parameter: named, message }) => {
                    assert_eq!(named, parameter, "{query}");
                    assert!(!message.is_empty());
                }
                other => panic!("{query}: {other:?}"),
            }
        }
    }
}
