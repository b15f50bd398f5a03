//! PostgreSQL alters most things where they stand. What depends on a thing that it refuses to alter meanwhile, such as a
//! view on a column whose type changes, is dropped before and made again.

mod column;
mod object;
mod plan;
mod types;

use super::Step;
use crate::{
    catalog::{Catalog, Constraint, ObjectKind, Table},
    definition::{column as column_sql, identifier, in_order, mentions, named_constraint},
    difference::pairs,
};
use plan::Plan;

use sea_orm::DbBackend;

pub(super) fn mend(expected: &Catalog, actual: &Catalog) -> Vec<Step> {
    let plan = Plan::new(expected, actual);
    let mut steps = Vec::new();
    object::drop(&plan, &mut steps);
    drop_constraints(&plan, &mut steps);
    drop_indexes(&plan, &mut steps);
    drop_tables(&plan, &mut steps);
    types::rename_replaced(&plan, &mut steps);
    sequences(&plan, &mut steps);
    create_tables(&plan, &mut steps);
    for (name, expected, actual) in plan.kept_tables() {
        column::alter(&plan, name, expected, actual, &mut steps);
        options(name, expected, actual, &mut steps);
    }
    column::own_sequences(&plan, &mut steps);
    types::drop_replaced(&plan, &mut steps);
    object::functions(&plan, &mut steps);
    create_constraints(&plan, &mut steps);
    create_indexes(&plan, &mut steps);
    object::create(&plan, &mut steps);
    object::drop_unused(&plan, &mut steps);
    let mut script = types::new_values(&plan);
    if !steps.is_empty() {
        script.push(Step::new("BEGIN"));
        // A function may be made before what it reads.
        if plan.made.iter().any(|object| object.kind == ObjectKind::Function) {
            script.push(Step::new("SET LOCAL check_function_bodies = off"));
        }
        script.append(&mut steps);
        script.push(Step::new("COMMIT"));
    }
    script
}

fn drop_constraints(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for foreign in [true, false] {
        for &(table, name) in &plan.lost_constraints {
            let constraint = plan.actual.tables.get(table).and_then(|of| of.constraints.get(name));
            if matches!(constraint, Some(Constraint::ForeignKey(_))) == foreign {
                steps.push(Step::new(format!(
                    "ALTER TABLE {} DROP CONSTRAINT {}",
                    identifier(table),
                    identifier(name)
                )));
            }
        }
    }
}

fn drop_indexes(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for (_, name) in &plan.lost_indexes {
        steps.push(Step::new(format!("DROP INDEX {}", identifier(name))));
    }
}

fn drop_tables(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for name in plan.drop_order() {
        let sql = format!("DROP TABLE {}", identifier(name));
        steps.push(Step::destroying(sql, format!("the table {name} with its rows")));
    }
}

fn sequences(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for (object, (expected, actual)) in pairs(&plan.expected.objects, &plan.actual.objects) {
        let Some(options) = expected.filter(|_| object.kind == ObjectKind::Sequence) else {
            continue;
        };
        if Some(options) != actual {
            let verb = if actual.is_some() { "ALTER" } else { "CREATE" };
            steps.push(Step::new(format!("{verb} SEQUENCE {} {options}", object::address(object))));
        }
    }
    types::create(plan, steps);
    column::create_sequences(plan, steps);
}

fn create_tables(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    let tables = plan.created.iter().filter_map(|name| plan.expected.tables.get_key_value(*name));
    let tables: Vec<_> = tables.collect();
    let parents: Vec<_> =
        tables.iter().map(|(name, table)| (name.as_str(), table.options.join(" "))).collect();
    for name in in_order(parents.iter().map(|(name, options)| (*name, options.as_str()))) {
        let Some((_, table)) = tables.iter().find(|(other, _)| *other == name) else { continue };
        steps.push(Step::new(create_table(name, table)));
        let plain = Table {
            options: table.options.iter().filter(|option| is_clause(option)).cloned().collect(),
            ..Table::default()
        };
        options(name, table, &plain, steps);
    }
}

/// Whether `CREATE TABLE` says it, rather than a statement behind.
fn is_clause(option: &str) -> bool {
    ["partition ", "inherits ", "unlogged", "with "].iter().any(|start| option.starts_with(start))
}

fn create_table(name: &str, table: &Table) -> String {
    let option = |start: &str| table.options.iter().find_map(|option| option.strip_prefix(start));
    let unlogged = if option("unlogged").is_some() { "UNLOGGED " } else { "" };
    let mut sql = format!("CREATE {unlogged}TABLE {}", identifier(name));
    if let Some(of) = option("partition of ") {
        sql = format!("{sql} PARTITION OF {of}");
    } else {
        let columns = table.columns.iter().map(|column| column_sql(column, DbBackend::Postgres));
        sql = format!("{sql} (\n    {}\n)", columns.collect::<Vec<_>>().join(",\n    "));
        if let Some(parents) = option("inherits ") {
            sql = format!("{sql} INHERITS ({parents})");
        }
    }
    for (start, word) in [("partition by ", "PARTITION BY"), ("with ", "WITH")] {
        if let Some(rest) = option(start) {
            sql = format!("{sql} {word} {rest}");
        }
    }
    sql
}

fn options(name: &str, expected: &Table, actual: &Table, steps: &mut Vec<Step>) {
    let has = |table: &Table, option: &str| table.options.iter().any(|other| other == option);
    let clauses = [
        ("row security", "ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
        ("row security forced", "FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
        ("unlogged", "SET UNLOGGED", "SET LOGGED"),
    ];
    let mut alter = |clause: String| {
        steps.push(Step::new(format!("ALTER TABLE {} {clause}", identifier(name))));
    };
    for (option, on, off) in clauses {
        match (has(expected, option), has(actual, option)) {
            (true, false) => alter(on.to_owned()),
            (false, true) => alter(off.to_owned()),
            _ => {}
        }
    }
    let list = |table: &Table, start: &str| -> Vec<String> {
        let list = table.options.iter().find_map(|option| option.strip_prefix(start));
        let list = list.unwrap_or_default().trim_matches(['(', ')']);
        list.split(", ").filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    for (start, on, off) in [("with ", "SET", "RESET"), ("inherits ", "INHERIT", "NO INHERIT")] {
        let (expected, actual) = (list(expected, start), list(actual, start));
        let bare = |item: &str| match start {
            "with " => format!("({})", item.split('=').next().unwrap_or_default()),
            _ => item.to_owned(),
        };
        for item in actual.iter().filter(|item| !expected.contains(item)) {
            alter(format!("{off} {}", bare(item)));
        }
        for item in expected.iter().filter(|item| !actual.contains(item)) {
            let item = if start == "with " { format!("({item})") } else { item.clone() };
            alter(format!("{on} {item}"));
        }
    }
}

fn create_constraints(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for foreign in [false, true] {
        for (table, of) in &plan.expected.tables {
            for (name, constraint) in &of.constraints {
                let is_foreign = matches!(constraint, Constraint::ForeignKey(_));
                let kept = plan.has_constraint(table, name);
                if is_foreign == foreign && !kept {
                    let what = named_constraint(name, constraint);
                    let table = identifier(table);
                    steps.push(Step::new(format!("ALTER TABLE {table} ADD {what}")));
                }
            }
        }
    }
}

fn create_indexes(plan: &Plan<'_>, steps: &mut Vec<Step>) {
    for (table, of) in &plan.expected.tables {
        let missing = of.indexes.iter().filter(|(name, _)| !plan.has_index(table, name));
        steps.extend(missing.map(|(_, index)| Step::new(&index.definition)));
    }
}

/// Whether a text mentions any of these names.
fn mentions_any<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    names.into_iter().any(|name| mentions(text, name))
}
