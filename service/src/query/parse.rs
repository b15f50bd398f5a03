//! From a query string to a [`ListQuery`]: pure syntax, no table in sight.

use percent_encoding::percent_decode_str;

use super::{
    ListQuery, MAX_QUERY_BYTES,
    ast::Predicate,
    cursor::Cursors,
    draft::Draft,
    group::{Group, Subject, list_operation, operation, strip_not, test},
};
use crate::{Error, Result};

impl ListQuery {
    /// Reads a query string as it stands in the URL, without the `?`.
    ///
    /// # Errors
    /// `BadQuery` naming the first parameter that cannot be understood.
    pub fn parse(query: &str, cursors: &Cursors) -> Result<Self> {
        if query.len() > MAX_QUERY_BYTES {
            let message = format!(
                "the query is longer than {MAX_QUERY_BYTES} bytes: send it in a body, with QUERY"
            );
            return Err(Error::bad_query("", message));
        }
        let mut draft = Draft::new(cursors, "");
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, name)?;
            let value = decode(&name, value)?;
            match &*name {
                "page" | "limit" | "cursor" | "count" | "q" | "highlight" => {
                    once(&mut seen, &name)?;
                    draft.text(&name, &value)?;
                }
                "sort" | "fields" | "include" | "select" | "groupBy" => {
                    once(&mut seen, &name)?;
                    draft.names(&name, &value.split(',').collect::<Vec<_>>())?;
                }
                "and" | "or" | "not.and" | "not.or" => {
                    draft.filter(&name, Group::of(&name, &value, Subject::Row).named(&name)?)?;
                }
                "having" => {
                    draft.having(&name, Group::of(&name, &value, Subject::Group).only()?)?;
                }
                _ => draft.filter(&name, field_test(&name, &value)?)?,
            }
        }
        draft.finish()
    }
}

fn once(seen: &mut Vec<String>, name: &str) -> Result<()> {
    if seen.iter().any(|other| other == name) {
        return Err(Error::bad_query(name, "is given twice"));
    }
    seen.push(name.to_owned());
    Ok(())
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

/// A parameter that is a test of a field; its value runs to the end and needs no quotes.
fn field_test(parameter: &str, text: &str) -> Result<Predicate> {
    let (negated, text) = strip_not(text);
    let (operator, operand) = text.split_once('.').unwrap_or((text, ""));
    let operation = match operator {
        "in" | "nin" | "between" => {
            let mut group = Group::of(parameter, operand, Subject::Row);
            let values = group.values()?;
            group.end()?;
            list_operation(parameter, operator, values)?
        }
        _ => operation(parameter, operator, operand.to_owned())?,
    };
    Ok(test(parameter, parameter, operation)?.negate(negated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{
        MAX_PREDICATES,
        ast::{Form, Operation, Pattern, Window},
    };

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
            ("q=-x", "q"),
            ("highlight=true", "highlight"),
            ("cursor=&page=1", "cursor"),
            ("having=count().gt.1", "having"),
            ("select=count(x)", "select"),
            ("groupBy=a.b", "groupBy"),
            ("a.b.c.d=eq.1", "a.b.c.d"),
            ("a.b.c=is.empty", "a.b.c"),
            ("not=eq.1", "not"),
            ("or=(a.b.1)", "or"),
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
