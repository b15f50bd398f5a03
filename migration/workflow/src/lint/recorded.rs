//! What all migrations say, and the schema between them.

use sea_orm::DbBackend;

use super::{Database, model::Model, rules::Migration, statement::Statement};
use crate::{
    Migrations,
    recorder::{Direction, Script, record},
};

/// What migrations say to both databases.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// To PostgreSQL.
    pub postgres: Directions,
    /// To SQLite.
    pub sqlite: Directions,
}

/// What migrations say to a database, oldest first. Of one that is not in `down`, nothing is said about its way down.
#[derive(Clone, Debug, Default)]
pub struct Directions {
    /// Their ways up.
    pub up: Vec<Script>,
    /// Their ways down.
    pub down: Vec<Script>,
}

/// The schema after each of the migrations.
pub(super) struct Models {
    postgres: Vec<Model>,
    sqlite: Vec<Model>,
    empty: Model,
}

impl Models {
    fn after(&self, database: Database, number: usize) -> &Model {
        let models = match database {
            Database::Postgres => &self.postgres,
            Database::Sqlite => &self.sqlite,
        };
        number.checked_sub(1).and_then(|place| models.get(place)).unwrap_or(&self.empty)
    }
}

impl Recorded {
    /// Records migrations.
    pub async fn record(migrations: Migrations) -> Self {
        let record = async |backend| Directions {
            up: record(migrations, backend, Direction::Up).await,
            down: record(migrations, backend, Direction::Down).await,
        };
        Self {
            postgres: record(DbBackend::Postgres).await,
            sqlite: record(DbBackend::Sqlite).await,
        }
    }

    /// The names of the migrations.
    pub fn names(&self) -> Vec<String> {
        let scripts = if self.postgres.up.is_empty() { &self.sqlite.up } else { &self.postgres.up };
        scripts.iter().map(|script| script.migration.clone()).collect()
    }

    pub(super) fn models(&self) -> Models {
        Models {
            postgres: replay(&self.postgres.up, Database::Postgres),
            sqlite: replay(&self.sqlite.up, Database::Sqlite),
            empty: Model::default(),
        }
    }

    /// A migration as the rules see it: on both databases, in both directions, as far as there are scripts of it.
    pub(super) fn migrations<'a>(
        &'a self,
        name: &str,
        models: &'a Models,
        timeouts: bool,
    ) -> Vec<Migration<'a>> {
        let databases = [
            (Database::Postgres, &self.postgres, Database::Sqlite),
            (Database::Sqlite, &self.sqlite, Database::Postgres),
        ];
        let mut migrations = Vec::new();
        for (database, scripts, other) in databases {
            let Some(place) = scripts.up.iter().position(|script| script.migration == name) else {
                continue;
            };
            let (before, after) =
                (models.after(database, place), models.after(database, place + 1));
            let up = scripts.up.get(place).map(|script| {
                Migration::new(script, database, before, models.after(other, place + 1))
            });
            let changes_schema = up.as_ref().is_some_and(Migration::has_schema_changes);
            let down = scripts.down.iter().find(|script| script.migration == name);
            let down = down
                .map(|script| Migration::new(script, database, after, models.after(other, place)));
            for mut migration in up.into_iter().chain(down) {
                migration.changes_schema = changes_schema;
                migration.timeouts = timeouts;
                migrations.push(migration);
            }
        }
        migrations
    }
}

fn replay(scripts: &[Script], database: Database) -> Vec<Model> {
    let mut model = Model::default();
    let after = scripts.iter().map(|script| {
        for statement in script.statements.iter().flat_map(|text| Statement::parse(text, database))
        {
            model.apply(&statement);
        }
        model.clone()
    });
    after.collect()
}
