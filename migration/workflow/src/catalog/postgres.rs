//! The catalog of PostgreSQL, one statement per kind of thing. What a partition has from its parent is the parent's.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{Catalog, Column, Constraint, ForeignKey, Generated, Index, Object, ObjectKind, Table};

/// Relations of the current schema that no extension brought.
const OWN: &str = "n.nspname = current_schema()
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')";

pub(super) async fn read(db: &impl ConnectionTrait) -> Result<Catalog, DbErr> {
    let mut catalog = Catalog { tables: tables(db).await?, objects: BTreeMap::new() };
    columns(db, &mut catalog.tables).await?;
    constraints(db, &mut catalog.tables).await?;
    indexes(db, &mut catalog.tables).await?;
    objects(db, &mut catalog.objects).await?;
    Ok(catalog)
}

async fn query(db: &impl ConnectionTrait, sql: String) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await
}

async fn tables(db: &impl ConnectionTrait) -> Result<BTreeMap<String, Table>, DbErr> {
    let sql = format!(
        "SELECT c.relname::text, array_remove(ARRAY[
            (SELECT CASE WHEN c.relispartition THEN 'partition of ' || string_agg(inhparent::regclass::text, ', ')
                    || ' ' || pg_get_expr(c.relpartbound, c.oid)
                ELSE 'inherits ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) END
                FROM pg_inherits WHERE inhrelid = c.oid),
            CASE WHEN c.relkind = 'p' THEN 'partition by ' || pg_get_partkeydef(c.oid) END,
            CASE WHEN c.relforcerowsecurity THEN 'row security forced' END,
            CASE WHEN c.relrowsecurity THEN 'row security' END,
            CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END,
            'with (' || array_to_string(c.reloptions, ', ') || ')'
        ], NULL)::text[]
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND {OWN}"
    );
    let mut tables = BTreeMap::new();
    for row in query(db, sql).await? {
        let options = row.try_get_by_index(1)?;
        tables.insert(row.try_get_by_index(0)?, Table { options, ..Table::default() });
    }
    Ok(tables)
}

async fn columns(
    db: &impl ConnectionTrait,
    tables: &mut BTreeMap<String, Table>,
) -> Result<(), DbErr> {
    let sql = format!(
        "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid),
            CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text END,
            a.attgenerated::text, a.attidentity::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {OWN}
        ORDER BY c.relname, a.attnum"
    );
    for row in query(db, sql).await? {
        let Some(table) = tables.get_mut(&row.try_get_by_index::<String>(0)?) else { continue };
        let expression: Option<String> = row.try_get_by_index(4)?;
        let generated: String = row.try_get_by_index(6)?;
        let identity: String = row.try_get_by_index(7)?;
        let (default, generated) = match (expression, generated.as_str()) {
            (Some(expression), kind @ ("s" | "v")) => {
                (None, Some(Generated { expression, stored: kind == "s" }))
            }
            (expression, _) => (expression, None),
        };
        table.columns.push(Column {
            name: row.try_get_by_index(1)?,
            kind: row.try_get_by_index(2)?,
            nullable: row.try_get_by_index(3)?,
            default,
            collation: row.try_get_by_index(5)?,
            generated,
            identity: match identity.as_str() {
                "a" => Some("always".to_owned()),
                "d" => Some("by default".to_owned()),
                _ => None,
            },
        });
    }
    Ok(())
}

async fn constraints(
    db: &impl ConnectionTrait,
    tables: &mut BTreeMap<String, Table>,
) -> Result<(), DbErr> {
    let names = |keys: &str, relation: &str| {
        format!(
            "ARRAY(SELECT a.attname::text FROM unnest(k.{keys}) WITH ORDINALITY u(number, place)
             JOIN pg_attribute a ON a.attrelid = k.{relation} AND a.attnum = u.number ORDER BY u.place)"
        )
    };
    let sql = format!(
        "SELECT c.relname::text, k.conname::text, k.contype::text, {}, pg_get_constraintdef(k.oid),
            COALESCE(f.relname::text, ''), {}, k.confdeltype::text, k.confupdtype::text,
            array_remove(ARRAY[
                CASE WHEN k.condeferrable THEN 'deferrable' END,
                CASE WHEN k.condeferred THEN 'initially deferred' END,
                CASE WHEN NOT k.convalidated THEN 'not valid' END], NULL)::text[],
            pg_get_expr(k.conbin, k.conrelid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_class f ON f.oid = k.confrelid
        WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND c.relkind IN ('r', 'p') AND k.conparentid = 0 AND k.conislocal
            AND {OWN}",
        names("conkey", "conrelid"),
        names("confkey", "confrelid"),
    );
    for row in query(db, sql).await? {
        let Some(table) = tables.get_mut(&row.try_get_by_index::<String>(0)?) else { continue };
        let columns: Vec<String> = row.try_get_by_index(3)?;
        let definition: String = row.try_get_by_index(4)?;
        let options: Vec<String> = row.try_get_by_index(9)?;
        let kind: String = row.try_get_by_index(2)?;
        let constraint = match kind.as_str() {
            "p" if options.is_empty() => Constraint::PrimaryKey { columns },
            "u" if options.is_empty() => Constraint::Unique { columns },
            "f" => Constraint::ForeignKey(ForeignKey {
                columns,
                table: row.try_get_by_index(5)?,
                references: row.try_get_by_index(6)?,
                on_delete: action(&row.try_get_by_index::<String>(7)?),
                on_update: action(&row.try_get_by_index::<String>(8)?),
                options,
            }),
            "c" if options.is_empty() => Constraint::Check {
                expression: row.try_get_by_index::<Option<String>>(10)?.unwrap_or_default(),
            },
            _ => Constraint::Other { definition },
        };
        table.constraints.insert(row.try_get_by_index(1)?, constraint);
    }
    Ok(())
}

fn action(letter: &str) -> String {
    match letter {
        "c" => "CASCADE",
        "r" => "RESTRICT",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => "NO ACTION",
    }
    .to_owned()
}

async fn indexes(
    db: &impl ConnectionTrait,
    tables: &mut BTreeMap<String, Table>,
) -> Result<(), DbErr> {
    let sql = format!(
        "SELECT t.relname::text, c.relname::text,
            ARRAY(SELECT pg_get_indexdef(i.indexrelid, place, false)
                || CASE WHEN m.amname <> 'btree' THEN '' ELSE
                    CASE i.indoption[place - 1] & 3 WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
                        WHEN 3 THEN ' DESC' ELSE '' END END
                FROM generate_series(1, i.indnkeyatts::int) place ORDER BY place),
            i.indisunique, pg_get_expr(i.indpred, i.indrelid), m.amname::text, i.indisvalid,
            CASE t.relkind WHEN 'p' THEN regexp_replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
                ELSE pg_get_indexdef(i.indexrelid) END
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam
        WHERE t.relkind IN ('r', 'p') AND NOT c.relispartition AND {OWN} AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))"
    );
    for row in query(db, sql).await? {
        let Some(table) = tables.get_mut(&row.try_get_by_index::<String>(0)?) else { continue };
        let index = Index {
            parts: row.try_get_by_index(2)?,
            unique: row.try_get_by_index(3)?,
            condition: row.try_get_by_index(4)?,
            method: row.try_get_by_index(5)?,
            valid: row.try_get_by_index(6)?,
            definition: row.try_get_by_index(7)?,
        };
        table.indexes.insert(row.try_get_by_index(1)?, index);
    }
    Ok(())
}

async fn objects(
    db: &impl ConnectionTrait,
    objects: &mut BTreeMap<Object, String>,
) -> Result<(), DbErr> {
    for (kind, sql) in statements() {
        for row in query(db, sql).await? {
            let name = row.try_get_by_index(0)?;
            let definition: Option<String> = row.try_get_by_index(1)?;
            objects.insert(Object { kind, name }, definition.unwrap_or_default());
        }
    }
    Ok(())
}

/// What lists the name and the definition of each thing of a kind.
fn statements() -> [(ObjectKind, String); 8] {
    let here = |id: &str| {
        format!(
            "n.nspname = current_schema()
             AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = {id} AND e.deptype = 'e')"
        )
    };
    [
        (ObjectKind::View, views('v')),
        (ObjectKind::MaterializedView, views('m')),
        (ObjectKind::Enum, format!(
            "SELECT t.typname::text, (SELECT string_agg(quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder)
                FROM pg_enum l WHERE l.enumtypid = t.oid)
             FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND {}",
            here("t.oid")
        )),
        (ObjectKind::Type, format!(
            "SELECT t.typname::text, CASE t.typtype WHEN 'd' THEN 'domain ' || format_type(t.typbasetype, t.typtypmod)
                || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END || COALESCE(' DEFAULT ' || t.typdefault, '')
                || COALESCE((SELECT string_agg(' CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid), ''
                    ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid), '')
                ELSE 'composite (' || (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', '
                    ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND NOT a.attisdropped) || ')' END
             FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
             WHERE (t.typtype = 'd' OR (t.typtype = 'c' AND c.relkind = 'c')) AND {}",
            here("t.oid")
        )),
        (ObjectKind::Sequence, format!(
            "SELECT c.relname::text, format('AS %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s %sCYCLE',
                format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, CASE WHEN NOT s.seqcycle THEN 'NO ' END)
             FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE {OWN} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))"
        )),
        (ObjectKind::Function, format!(
            "SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', pg_get_functiondef(p.oid)
             FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind IN ('f', 'p') AND {}",
            here("p.oid")
        )),
        (ObjectKind::Trigger, format!(
            "SELECT c.relname || '.' || g.tgname, pg_get_triggerdef(g.oid)
                || CASE g.tgenabled WHEN 'D' THEN ' (disabled)' ELSE '' END
             FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND {OWN}"
        )),
        (ObjectKind::Policy, format!(
            "SELECT c.relname || '.' || p.polname, format('AS %s FOR %s TO %s',
                CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                (SELECT string_agg(COALESCE(quote_ident(r.rolname), 'PUBLIC'), ', ' ORDER BY r.rolname)
                    FROM unnest(p.polroles) u(role) LEFT JOIN pg_roles r ON r.oid = u.role))
                || COALESCE(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
                || COALESCE(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
             FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OWN}"
        )),
    ]
}

/// What lists the views of a kind, each with its indexes behind it: those of a view that holds rows.
fn views(kind: char) -> String {
    format!(
        "SELECT c.relname::text, pg_get_viewdef(c.oid) || COALESCE((
            SELECT string_agg(E'\\n' || pg_get_indexdef(i.indexrelid) || ';', '' ORDER BY i.indexrelid::regclass::text)
            FROM pg_index i WHERE i.indrelid = c.oid), '')
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = '{kind}' AND {OWN}"
    )
}
