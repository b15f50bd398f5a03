//! What differs between a database and entity sources, and the migration that ends it.

use std::path::Path;

use anyhow::bail;
use sea_orm::DatabaseConnection;

use super::{
    Diff, Rename, compare,
    declared::{self, Declared},
    describe,
    known::{self, Known},
    operation::{Operation, Undoing, undoing},
    prove, render,
};
use crate::{
    DatabaseUrl, Project,
    catalog::Catalog,
    entities::{self, Entities},
    expected, new, scratch,
};

/// Finds out what differs between what the migrations build and what entity sources declare, and tries the steps between.
/// `ask` is asked whether something that is gone has another name now.
///
/// # Errors
/// When the sources declare what cannot be migrated, or the steps do not lead there; those of the databases.
pub async fn diff(
    project: &Project,
    entities: &Entities,
    renames: &[Rename],
    ask: impl FnMut(&str) -> bool,
) -> anyhow::Result<Diff> {
    // On SQLite, what it is beside is of no matter.
    let sqlite = DatabaseUrl::of_file(Path::new("scratch.db"));
    let (mut diff, generated) = scratch::on(&sqlite, async |db| {
        expected::build_all(db, project.migrations).await?;
        between(db, entities, renames, ask).await
    })
    .await?;
    if diff.changes.is_empty() || !project.database.is_postgres() {
        return Ok(diff);
    }
    let proof = scratch::on(&project.database, async |db| {
        expected::build_all(db, project.migrations).await?;
        prove::prove(db, &diff.up, &undoing(&diff.up).operations).await
    });
    let proof = proof.await?;
    if let Some(file) = proof.entities.changed(&generated).first() {
        bail!(
            "the two databases would generate another {file}: write this migration by hand, with `garboard db new`"
        );
    }
    diff.built = proof.catalog;
    Ok(diff)
}

/// Finds out what differs between a database and entity sources, and tries the steps between on it: for a scratch database.
/// Returns the entities that are generated then as well.
///
/// # Errors
/// As [`diff`].
pub(crate) async fn between(
    db: &DatabaseConnection,
    entities: &Entities,
    renames: &[Rename],
    mut ask: impl FnMut(&str) -> bool,
) -> anyhow::Result<(Diff, Entities)> {
    let declared = declared::read(entities)?;
    let (known, _) = read(db).await?;
    let candidates = compare::candidates(&known, &declared);
    let is_open = |renames: &[Rename], one: &compare::Candidate| {
        renames.iter().all(|rename| !rename.is_about(&one.from, &one.to))
    };
    let mut renames = renames.to_vec();
    // Whoever says some knows of all.
    let asked = if renames.is_empty() { candidates.as_slice() } else { &[] };
    for one in asked {
        let compare::Candidate { from, to } = one;
        if is_open(&renames, one)
            && ask(&format!("{from} is gone and {to} is new: is it the same, renamed?"))
        {
            renames.push(format!("{from}={to}").parse()?);
        }
    }
    let open = candidates.iter().filter(|one| is_open(&renames, one));
    let hints: Vec<_> = open.map(ToString::to_string).collect();
    let up = compare::compare(&known, &declared, &renames);
    let up = up.map_err(|error| match hints.as_slice() {
        [] => error,
        hints => anyhow::anyhow!("{error}\n{}", hints.join("\n")),
    })?;
    if up.is_empty() {
        return Ok((Diff::default(), Entities::default()));
    }
    let Undoing { operations: down, mut lost } = undoing(&up);
    let proof = prove::prove(db, &up, &down).await?;
    check(&proof.known, &declared)?;
    lost.extend(proof.remains);
    let changes: Vec<_> = up.iter().flat_map(describe::lines).collect();
    let source = render::source(&about(&changes, &lost), &up, &down);
    let diff = Diff {
        destroys: up.iter().flat_map(Operation::destroys).collect(),
        irreversible: lost,
        hints,
        regenerated: entities.changed(&proof.entities),
        name: name(&up),
        changes,
        source,
        up,
        built: proof.catalog,
    };
    Ok((diff, proof.entities))
}

/// What a database has, as its catalog and the entities tell that are generated from it; and these.
pub(super) async fn read(db: &DatabaseConnection) -> anyhow::Result<(Known, Entities)> {
    let catalog = Catalog::read(db).await?;
    let generated = if catalog.tables.keys().any(|table| entities::is_shown(table)) {
        entities::generate(db).await?
    } else {
        Entities::default()
    };
    let known = known::describe(&declared::read(&generated)?, &catalog, db.get_database_backend())?;
    Ok((known, generated))
}

/// Makes sure that nothing is left to be done.
fn check(known: &Known, declared: &Declared) -> anyhow::Result<()> {
    let left: Vec<_> =
        compare::compare(known, declared, &[])?.iter().flat_map(describe::lines).collect();
    if left.is_empty() {
        return Ok(());
    }
    bail!(
        "the migration would not lead to the entities as they are edited; what is left is\n{}\nWrite it by hand, with \
         `garboard db new`",
        left.join("\n")
    )
}

/// What the head of the migration says.
fn about(changes: &[String], lost: &[String]) -> Vec<String> {
    let mut lines = vec![
        "What the entities declare, and the migrations before this one do not build:".to_owned(),
    ];
    // A line end of a text would end the comment.
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = |change: &String| {
        let (sign, what) = change.split_at_checked(1).unwrap_or_default();
        let word = match sign {
            "+" => "new",
            "-" => "gone",
            _ => "changed",
        };
        format!("- {word} `{}`", one_line(what))
    };
    lines.extend(changes.iter().map(words));
    if !lost.is_empty() {
        lines.extend([String::new(), "Going down does not bring back".to_owned()]);
        lines.extend(lost.iter().map(|lost| format!("- {}", one_line(lost))));
    }
    lines
}

/// What a migration of these steps is named.
fn name(operations: &[Operation]) -> String {
    let mut tables: Vec<&str> = operations.iter().filter_map(Operation::table).collect();
    tables.dedup();
    let name = match operations {
        [Operation::CreateTable(table)] => format!("create_{}", table.name),
        [Operation::AddColumn(table, column)] => format!("add_{}_to_{table}", column.name),
        _ => format!("change_{}", tables.join("_")),
    };
    if new::named(&name).is_ok() { name } else { "change_schema".to_owned() }
}
