//! The catalog of SQLite: the pragmas where they say enough, and the text of `CREATE TABLE` for what they leave out, the
//! names of constraints, conditions and collations.

mod dialect;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use sqlparser::{
    ast::{
        ColumnDef, ColumnOption, ColumnOptionDef, ConstraintCharacteristics, CreateTable,
        DeferrableInitial, ForeignKeyConstraint, Ident, IndexColumn, ObjectName, Statement as Sql,
        TableConstraint,
    },
    dialect::SQLiteDialect,
    parser::Parser,
};

pub(crate) use dialect::name_decimals;

use crate::definition::literal;

use super::{Catalog, Column, Constraint, ForeignKey, Generated, Index, Object, ObjectKind, Table};

pub(super) async fn read(db: &impl ConnectionTrait) -> Result<Catalog, DbErr> {
    let mut catalog = Catalog::default();
    let virtual_tables = names(db, "virtual").await?;
    // Tables in which a virtual table keeps what it has, such as FTS5 its index; statistics; counters of AUTOINCREMENT.
    let shadows = names(db, "shadow").await?;
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    for row in query(db, sql.to_owned()).await? {
        let (kind, name): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let Some(definition) = row.try_get_by_index::<Option<String>>(3)? else { continue };
        let (kind, name) = match kind.as_str() {
            "view" => (ObjectKind::View, name),
            "trigger" => {
                let table: String = row.try_get_by_index(2)?;
                (ObjectKind::Trigger, format!("{table}.{name}"))
            }
            "table" if virtual_tables.contains(&name) => (ObjectKind::VirtualTable, name),
            "table" if !shadows.contains(&name) => {
                let table = table(db, &name, &definition).await?;
                catalog.tables.insert(name, table);
                continue;
            }
            _ => continue,
        };
        catalog.objects.insert(Object { kind, name }, one_line(&definition));
    }
    Ok(catalog)
}

async fn query(db: &impl ConnectionTrait, sql: String) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await
}

async fn names(db: &impl ConnectionTrait, kind: &str) -> Result<Vec<String>, DbErr> {
    let sql =
        format!("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = '{kind}'");
    query(db, sql).await?.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn table(db: &impl ConnectionTrait, name: &str, definition: &str) -> Result<Table, DbErr> {
    let (parsed, conflicts) = parse(name, definition)?;
    let mut table = Table { columns: columns(db, name, &parsed).await?, ..Table::default() };
    for (name, constraint) in constraints(name, &parsed) {
        table.constraints.insert(name, constraint);
    }
    table.indexes = indexes(db, name).await?;
    let sql = format!(
        "SELECT strict, wr FROM pragma_table_list WHERE schema = 'main' AND name = {}",
        literal(name)
    );
    for row in query(db, sql).await? {
        for (place, option) in ["strict", "without rowid"].into_iter().enumerate() {
            if row.try_get_by_index::<i64>(place)? == 1 {
                table.options.push(option.to_owned());
            }
        }
    }
    table.options.extend(conflicts);
    Ok(table)
}

fn parse(name: &str, definition: &str) -> Result<(CreateTable, Vec<String>), DbErr> {
    let failed = |why: String| {
        DbErr::Custom(format!("cannot parse the definition of the table {name}: {why}"))
    };
    let (tokens, conflicts) =
        dialect::tokens(definition).map_err(|error| failed(error.to_string()))?;
    let parsed = Parser::new(&SQLiteDialect {}).with_tokens(tokens).parse_statements();
    let mut statements = parsed.map_err(|error| failed(error.to_string()))?;
    match statements.pop() {
        Some(Sql::CreateTable(table)) => Ok((table, conflicts)),
        _ => Err(failed("it is no CREATE TABLE".to_owned())),
    }
}

async fn columns(
    db: &impl ConnectionTrait,
    name: &str,
    parsed: &CreateTable,
) -> Result<Vec<Column>, DbErr> {
    let sql = format!(
        "SELECT name, type, \"notnull\", dflt_value, hidden, pk FROM pragma_table_xinfo({}) WHERE hidden <> 1 ORDER BY cid",
        literal(name)
    );
    let mut columns = Vec::new();
    for row in query(db, sql).await? {
        let name: String = row.try_get_by_index(0)?;
        let hidden: i64 = row.try_get_by_index(4)?;
        let mut column = Column {
            kind: row.try_get_by_index::<String>(1)?.to_lowercase(),
            nullable: row.try_get_by_index::<i64>(2)? == 0,
            default: row.try_get_by_index(3)?,
            ..Column::default()
        };
        let options = parsed.columns.iter().find(|def| def.name.value == name);
        for option in options.into_iter().flat_map(|def| &def.options) {
            match &option.option {
                ColumnOption::Collation(collation) => column.collation = Some(plain(collation)),
                ColumnOption::Generated { generation_expr: Some(expression), .. } => {
                    let stored = hidden == 3;
                    column.generated =
                        Some(Generated { expression: expression.to_string(), stored });
                }
                ColumnOption::DialectSpecific(tokens) => {
                    let word = tokens.iter().map(ToString::to_string).collect::<String>();
                    column.identity = word
                        .eq_ignore_ascii_case("autoincrement")
                        .then(|| "autoincrement".to_owned());
                }
                _ => {}
            }
        }
        column.name = name;
        columns.push(column);
    }
    Ok(columns)
}

/// The constraints with their names, or with what they say where they have none.
///
/// A foreign key has none if SeaORM made it with its table, and one if it came later: the former counts as named by the rule.
fn constraints(table: &str, parsed: &CreateTable) -> Vec<(String, Constraint)> {
    let of_columns = parsed.columns.iter().flat_map(constraints_of_column);
    let mut all: Vec<_> =
        of_columns.chain(parsed.constraints.iter().map(constraint_of_table)).collect();
    let given: BTreeSet<_> = all.iter().map(|(name, _)| name.clone()).collect();
    for (name, constraint) in &mut all {
        let constraint = &*constraint;
        if let Constraint::ForeignKey(key) = constraint
            && *name == own_name(constraint)
        {
            let ruled = ruled_name(table, key);
            if !given.contains(&ruled) {
                *name = ruled;
            }
        }
    }
    all
}

/// The name that the rule gives a foreign key.
pub(crate) fn ruled_name(table: &str, key: &ForeignKey) -> String {
    format!("fk_{table}_{}", key.columns.join("_"))
}

/// The constraints that stand beside a column, with their names.
pub(crate) fn constraints_of_column(column: &ColumnDef) -> Vec<(String, Constraint)> {
    let own = || vec![column.name.value.clone()];
    let constraint = |option: &ColumnOptionDef| {
        let (name, constraint) = match &option.option {
            ColumnOption::PrimaryKey(key) => {
                (key.name.as_ref(), Constraint::PrimaryKey { columns: own() })
            }
            ColumnOption::Unique(key) => (key.name.as_ref(), Constraint::Unique { columns: own() }),
            ColumnOption::Check(check) => {
                (check.name.as_ref(), Constraint::Check { expression: check.expr.to_string() })
            }
            ColumnOption::ForeignKey(key) => {
                let columns = vec![column.name.clone()];
                let whole = ForeignKeyConstraint { columns, ..key.clone() };
                (key.name.as_ref(), foreign_key(&whole))
            }
            _ => return None,
        };
        Some(named(name.or(option.name.as_ref()), constraint))
    };
    column.options.iter().filter_map(constraint).collect()
}

/// A constraint that stands beside the columns, with its name.
pub(crate) fn constraint_of_table(constraint: &TableConstraint) -> (String, Constraint) {
    let (name, constraint) = match constraint {
        TableConstraint::PrimaryKey(key) => {
            (key.name.as_ref(), Constraint::PrimaryKey { columns: column_names(&key.columns) })
        }
        TableConstraint::Unique(key) => {
            (key.name.as_ref(), Constraint::Unique { columns: column_names(&key.columns) })
        }
        TableConstraint::Check(check) => {
            (check.name.as_ref(), Constraint::Check { expression: check.expr.to_string() })
        }
        TableConstraint::ForeignKey(key) => (key.name.as_ref(), foreign_key(key)),
        other => (None, Constraint::Other { definition: other.to_string() }),
    };
    named(name, constraint)
}

fn named(name: Option<&Ident>, constraint: Constraint) -> (String, Constraint) {
    let name = name.map_or_else(|| own_name(&constraint), |name| name.value.clone());
    (name, constraint)
}

/// What a constraint without a name is called.
pub(crate) fn own_name(constraint: &Constraint) -> String {
    match constraint {
        Constraint::PrimaryKey { .. } => "primary key".to_owned(),
        Constraint::Unique { columns } => format!("unique ({})", columns.join(", ")),
        Constraint::ForeignKey(key) => format!("foreign key ({})", key.columns.join(", ")),
        Constraint::Check { expression } => format!("check ({expression})"),
        Constraint::Other { definition } => definition.clone(),
    }
}

fn foreign_key(key: &ForeignKeyConstraint) -> Constraint {
    let plain_names = |names: &[Ident]| names.iter().map(|name| name.value.clone()).collect();
    let action = |action: &Option<_>| {
        action.as_ref().map_or_else(|| "NO ACTION".to_owned(), ToString::to_string)
    };
    Constraint::ForeignKey(ForeignKey {
        columns: plain_names(&key.columns),
        table: plain(&key.foreign_table),
        references: plain_names(&key.referred_columns),
        on_delete: action(&key.on_delete),
        on_update: action(&key.on_update),
        options: key.characteristics.map(characteristics).unwrap_or_default(),
    })
}

fn characteristics(of: ConstraintCharacteristics) -> Vec<String> {
    let mut options = Vec::new();
    if of.deferrable == Some(true) {
        options.push("deferrable".to_owned());
    }
    if of.initially == Some(DeferrableInitial::Deferred) {
        options.push("initially deferred".to_owned());
    }
    options
}

fn column_names(columns: &[IndexColumn]) -> Vec<String> {
    let name = |column: &IndexColumn| match &column.column.expr {
        sqlparser::ast::Expr::Identifier(name) => name.value.clone(),
        other => other.to_string(),
    };
    columns.iter().map(name).collect()
}

/// A name without its quotation marks.
pub(crate) fn plain(name: &ObjectName) -> String {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(|| name.to_string(), |name| name.value.clone())
}

async fn indexes(db: &impl ConnectionTrait, table: &str) -> Result<BTreeMap<String, Index>, DbErr> {
    let sql = format!(
        "SELECT l.name, l.\"unique\", s.sql FROM pragma_index_list({}) l JOIN sqlite_schema s ON s.type = 'index' AND s.name = l.name
         WHERE l.origin = 'c'",
        literal(table)
    );
    let mut indexes = BTreeMap::new();
    for row in query(db, sql).await? {
        let definition = one_line(&row.try_get_by_index::<String>(2)?);
        let parsed =
            Parser::parse_sql(&SQLiteDialect {}, &definition).ok().and_then(|mut all| all.pop());
        let Some(Sql::CreateIndex(parsed)) = parsed else {
            return Err(DbErr::Custom(format!(
                "cannot parse the definition of an index of {table}: {definition}"
            )));
        };
        let index = Index {
            parts: parsed.columns.iter().map(part).collect(),
            unique: row.try_get_by_index::<i64>(1)? == 1,
            condition: parsed.predicate.map(|condition| condition.to_string()),
            method: "btree".to_owned(),
            valid: true,
            definition,
        };
        indexes.insert(row.try_get_by_index(0)?, index);
    }
    Ok(indexes)
}

pub(crate) fn part(column: &IndexColumn) -> String {
    let expression = column_names(std::slice::from_ref(column)).concat();
    format!("{expression}{}", column.column.options)
}

/// Spaces and line ends are of no meaning outside of quotation marks.
fn one_line(definition: &str) -> String {
    let (mut line, mut quote) = (String::new(), None);
    for letter in definition.trim().chars() {
        match quote {
            Some(end) if letter == end => quote = None,
            None if matches!(letter, '\'' | '"' | '`') => quote = Some(letter),
            None if letter == '[' => quote = Some(']'),
            None if letter.is_whitespace() => {
                if !line.ends_with(' ') {
                    line.push(' ');
                }
                continue;
            }
            _ => {}
        }
        line.push(letter);
    }
    line
}
