//! Up, down and up again, and what is compared in between.

use sea_orm::DatabaseConnection;
use sea_orm_migration::MigrationTrait;

use super::{Rehearsal, Release, previous, state::State, step};
use crate::{difference::differences, recorder::Direction, report::Report};

/// Runs migrations up, down, and up again on a database that may be spoilt. `previous` is the release that runs while they are
/// applied; if nothing is said, one with the entities of the database as it is.
///
/// # Errors
/// Those of the database; a migration that fails is no error, but told.
pub async fn on(
    db: &DatabaseConnection,
    migrations: &[Box<dyn MigrationTrait>],
    previous: Option<Release>,
    report: &Report,
) -> anyhow::Result<Rehearsal> {
    let names = migrations.iter().map(|migration| migration.name().to_owned()).collect();
    let mut rehearsal = Rehearsal { migrations: names, ..Rehearsal::default() };
    let before = State::read(db, None).await?;
    rehearsal.rows = before.count();
    if rehearsal.rows == 0 {
        rehearsal.notes.push(
            "there were no rows: a migration may do well without and fail with them".to_owned(),
        );
    }
    if !rehearsal.all(db, migrations, Direction::Up, report).await {
        return Ok(rehearsal);
    }
    let after = State::read(db, Some(&before.catalog)).await?;
    rehearsal.compare_rows(&before, &after);
    let release =
        previous.unwrap_or_else(|| Release::of(&before.catalog, db.get_database_backend()));
    let catalogs = [&before.catalog, &after.catalog];
    rehearsal.problems.extend(previous::problems(db, &release, catalogs, report).await?);
    if !rehearsal.all(db, migrations, Direction::Down, report).await {
        return Ok(rehearsal);
    }
    let back = State::read(db, Some(&before.catalog)).await?;
    for difference in differences(&before.catalog, &back.catalog) {
        rehearsal.problems.push(format!("undone, the schema is not as it was: {difference}"));
    }
    for (table, was) in &before.rows {
        if back.rows.get(table).is_some_and(|is| is != was) {
            rehearsal.problems.push(format!("undone, the rows of {table} are not as they were"));
        }
    }
    if rehearsal.all(db, migrations, Direction::Up, report).await {
        let again = State::read(db, Some(&before.catalog)).await?;
        for difference in differences(&after.catalog, &again.catalog) {
            rehearsal
                .problems
                .push(format!("applied again, the schema is another one: {difference}"));
        }
    }
    Ok(rehearsal)
}

impl Rehearsal {
    /// Runs all, in their order or against it. Whether none failed.
    async fn all(
        &mut self,
        db: &DatabaseConnection,
        migrations: &[Box<dyn MigrationTrait>],
        direction: Direction,
        report: &Report,
    ) -> bool {
        let mut order: Vec<_> = migrations.iter().collect();
        if direction == Direction::Down {
            order.reverse();
        }
        for migration in order {
            report.progress(|| format!("{} of {}", self.steps.len(), 3 * migrations.len()));
            let step = step::run(db, migration.as_ref(), direction).await;
            if let Some(failed) = &step.failed {
                let way = if direction == Direction::Up { "applied" } else { "undone" };
                self.problems.push(format!("{} cannot be {way}: {failed}", step.migration));
            }
            let failed = step.failed.is_some();
            self.steps.push(step);
            if failed {
                return false;
            }
        }
        true
    }

    /// Rows that are gone are a problem; rows that are otherwise may be what a migration is for.
    fn compare_rows(&mut self, before: &State, after: &State) {
        for (table, was) in &before.rows {
            match after.rows.get(table) {
                Some(is) if is.rows < was.rows => self.problems.push(format!(
                    "{} of {} rows of {table} are gone",
                    was.rows - is.rows,
                    was.rows
                )),
                Some(is) if is != was => {
                    self.notes.push(format!("rows of {table} are no longer what they were"));
                }
                _ => {}
            }
        }
    }
}
