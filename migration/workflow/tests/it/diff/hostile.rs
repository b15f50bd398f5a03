//! What people write that is odd, and databases that somebody else has made.

use rstest::rstest;
use sea_orm::DatabaseConnection;
use workflow::{
    diff::Diff,
    entities::{Entities, generate},
    push::push,
    scratch::Scratch,
};

use super::{
    assert_entities,
    corpus::Case,
    first,
    push::{arguments, filled},
    replaced,
};
use crate::harness::{
    Backend::{self, Postgres, Sqlite},
    execute, project,
};

const END: &str = "    pub updated_at: DateTimeWithTimeZone,\n";

/// A database that edits are pushed to, one after the other.
struct Pushed {
    scratch: Scratch,
    db: DatabaseConnection,
}

impl Pushed {
    async fn filled(backend: Backend, prepare: &[&str]) -> Self {
        let (scratch, db) = filled(backend).await;
        execute(&db, prepare).await;
        Self { scratch, db }
    }

    /// Edits the entities as they are generated.
    async fn edit(
        &self,
        edits: &[(&str, &str, &str)],
        destroyed: &[&str],
    ) -> (Entities, anyhow::Result<Diff>) {
        let entities = generate(&self.db).await.expect("the generator runs");
        let edited = replaced("hostile", &entities, edits);
        let project = project(first, self.scratch.url());
        let done = push(&project, &edited, &arguments(&[], destroyed), |_| false).await;
        (edited, done)
    }

    /// What is done with an edit, in words.
    async fn done(&self, edits: &[(&str, &str, &str)], destroyed: &[&str]) -> Diff {
        let (edited, done) = self.edit(edits, destroyed).await;
        let diff = done.unwrap_or_else(|error| panic!("{edits:?}: {error:#}"));
        diff.formatted().unwrap_or_else(|error| panic!("{edits:?}: {error:#}\n{}", diff.source));
        let generated = generate(&self.db).await.expect("the generator runs");
        assert_entities(&Case { derived: true, ..Case::new("hostile") }, &edited, &generated);
        diff
    }

    async fn refused(&self, edits: &[(&str, &str, &str)]) -> String {
        let (_, done) = self.edit(edits, &[]).await;
        format!("{:#}", done.expect_err("this is refused"))
    }

    async fn remove(self) {
        self.db.close().await.expect("the connection closes");
        self.scratch.remove().await.expect("the database can be removed");
    }
}

#[rstest]
#[tokio::test]
async fn values_of_any_letters_and_sizes(#[values(Sqlite, Postgres)] backend: Backend) {
    let pushed = Pushed::filled(backend, &[]).await;
    let odd = "a\\\\b 'q' \\\"d\\\"\\n\\t ü\u{1F600}\\u{301} ` */ -- $$ ?";
    let list = format!(
        "#[derive(EnumIter, DeriveActiveEnum)]\n#[sea_orm(rs_type = \"String\", db_type = \"Text\")]\npub enum Odd {{
            #[sea_orm(string_value = \"{odd}\")] A, #[sea_orm(string_value = \"\")] B, #[sea_orm(string_value = \"x,)\")] C
        }}\n\n"
    );
    let fields = format!(
        "{END}    #[sea_orm(default_value = \"{odd}\")]\n    pub odd: String,
    #[sea_orm(default_value = \"{odd}\")]\n    pub one: Odd,
    #[sea_orm(column_type = \"Double\", default_value = 1e300)]\n    pub huge: f64,
    #[sea_orm(column_type = \"Double\", default_value = -1.5e-300)]\n    pub tiny: f64,
    #[sea_orm(default_value = -9223372036854775808)]\n    pub least: i64,
    #[sea_orm(default_value = -32768)]\n    pub r#type: i16,
    #[sea_orm(column_name = \"ownerRef\")]\n    pub owner: Option<Uuid>,
    pub createdBy: Option<i64>,\n"
    );
    let relation = "pub enum Relation { #[sea_orm(belongs_to = \"super::user::Entity\", from = \"Column::Owner\", \
                    to = \"super::user::Column::Id\", on_delete = \"Cascade\")] User }";
    let edits = [
        ("tag.rs", " Eq,", ""),
        ("tag.rs", "#[derive(Clone", &*format!("{list}#[derive(Clone")),
        ("tag.rs", END, &fields),
        ("tag.rs", "pub enum Relation {}", relation),
    ];
    let diff = pushed.done(&edits, &[]).await;
    assert_eq!(diff.changes.len(), 8, "{:?}", diff.changes);
    assert!(diff.changes.iter().any(|change| change.contains("tag.created_by")));

    // Again, where PostgreSQL is told of a column anew, and of values that it had.
    let longer = format!(
        "#[sea_orm(column_type = \"String(StringLen::N(90))\", default_value = \"{odd}\")]\n    pub odd: String"
    );
    let diff = pushed.done(&[("tag.rs", "pub odd: String", &longer)], &[]).await;
    assert_eq!(diff.changes, ["~ column tag.odd: string(255) becomes string(90)"]);
    let values = ["status: String", "status: Odd"];
    let list = list.replace(
        "B,",
        "B, #[sea_orm(string_value = \"active\")] D, #[sea_orm(string_value = \"archived\")] E,",
    );
    let list = format!("{list}#[derive(Clone");
    let edits = [("project.rs", "#[derive(Clone", &*list), ("project.rs", values[0], values[1])];
    assert_eq!(pushed.done(&edits, &[]).await.changes.len(), 1);
    pushed.remove().await;
}

#[rstest]
#[tokio::test]
async fn a_column_in_two_keys_keeps_both(#[values(Sqlite, Postgres)] backend: Backend) {
    let prepare = [
        "ALTER TABLE tag ADD COLUMN a bigint",
        "ALTER TABLE tag ADD COLUMN b bigint",
        "ALTER TABLE tag ADD COLUMN c smallint",
        "CREATE UNIQUE INDEX uq_tag_a_b ON tag (a, b)",
        "CREATE UNIQUE INDEX uq_tag_a_c ON tag (a, c)",
        "ALTER TABLE tag ADD COLUMN d bigint",
        "CREATE UNIQUE INDEX uq_tag_name_d ON tag (name, d)",
    ];
    let pushed = Pushed::filled(backend, &prepare).await;
    let wider = [("tag.rs", "pub c: Option<i16>", "pub c: Option<i64>")];
    assert_eq!(
        pushed.done(&wider, &[]).await.changes,
        ["~ column tag.c: small_integer becomes big_integer"]
    );
    let gone = [
        ("tag.rs", "    #[sea_orm(unique)]\n    pub name: String,\n", ""),
        ("tag.rs", "    #[sea_orm(unique_key = \"uq_tag_name_d\")]\n", ""),
    ];
    assert_eq!(
        pushed.done(&gone, &["tag.name"]).await.changes,
        ["- unique tag (name, d)", "- column tag.name, with its values"]
    );
    // Which of its keys a field shows is up to the database.
    let key = |name: &str| format!("#[sea_orm(unique_key = \"uq_tag_{name}\")]\n    ");
    let gone = format!("    {}pub b: Option<i64>,\n", key("a_b"));
    let shown = if backend == Sqlite { "a_b" } else { "a_c" };
    let edits = [
        ("tag.rs", gone.as_str(), ""),
        ("tag.rs", &*format!("{}pub a:", key(shown)), &*format!("{}pub a:", key("a_c"))),
    ];
    if backend == Sqlite {
        let error = pushed.refused(&edits[..1]).await;
        assert!(error.contains("a alone says unique_key = \"uq_tag_a_b\""), "{error}");
    }
    assert_eq!(
        pushed.done(&edits, &["tag.b"]).await.changes,
        ["- unique tag (a, b)", "- column tag.b, with its values"]
    );
    pushed.remove().await;
}

#[rstest]
#[tokio::test]
async fn what_somebody_else_has_made_is_not_lost(#[values(Sqlite, Postgres)] backend: Backend) {
    let [uuid, moment, id] = match backend {
        Sqlite => {
            ["uuid_text", "timestamp_with_timezone_text", "x'00000000000000000000000000000001'"]
        }
        Postgres => ["uuid", "timestamptz", "'00000000-0000-0000-0000-000000000001'"],
    };
    let table = format!(
        "CREATE TABLE node (id {uuid} NOT NULL CONSTRAINT pk_node PRIMARY KEY,
            parent_id {uuid} CONSTRAINT fk_node_parent_id REFERENCES node (id) ON DELETE RESTRICT,
            n bigint NOT NULL DEFAULT (1 + 1), low bigint CONSTRAINT ck_node_low CHECK (low >= 0),
            created_at {moment} NOT NULL, updated_at {moment} NOT NULL)"
    );
    let at = "'2026-01-01 00:00:00+00:00'";
    let row = format!("INSERT INTO node VALUES ({id}, {id}, 1, NULL, {at}, {at})");
    let pushed = Pushed::filled(backend, &[&table, &row]).await;
    let defaulted = "#[sea_orm(default_expr = \"Keyword::Null\")]\n    pub n: i64";
    let filled = "#[sea_orm(default_value = 1)]\n    pub low: i64";
    for (file, find, becomes, says) in [
        ("node.rs", "pub n: i64", defaulted, "(DEFAULT 1"),
        ("node.rs", "pub n: i64", "pub n: String", "(DEFAULT 1"),
        ("node.rs", "pub low: Option<i64>", filled, "low >= 0"),
        ("node.rs", "pub low: Option<i64>", "pub low: Option<i16>", "low >= 0"),
    ] {
        let error = pushed.refused(&[(file, find, becomes)]).await;
        assert!(error.replace("(1 + 1)", "1 + 1").contains(says), "{says}: {error}");
    }
    let project = project(first, pushed.scratch.url());
    // Each of its rows holds another.
    let mut files = generate(&pushed.db).await.expect("the generator runs").files().clone();
    files.remove("node.rs");
    let without = Entities::of(files);
    let done = push(&project, &without, &arguments(&[], &["node"]), |_| false).await;
    assert_eq!(done.expect("it is dropped").changes, ["- table node, with its rows"]);
    pushed.remove().await;
}

#[rstest]
#[tokio::test]
async fn two_at_once_are_one_after_the_other(#[values(Sqlite, Postgres)] backend: Backend) {
    let pushed = Pushed::filled(backend, &[]).await;
    let length = "#[sea_orm(column_type = \"String(StringLen::N(300))\", default_value = \"\")]\n    pub name";
    let edits = [("project.rs", "pub name", length)];
    let entities = generate(&pushed.db).await.expect("the generator runs");
    let edited = replaced("hostile", &entities, &edits);
    let project = project(first, pushed.scratch.url());
    let arguments = arguments(&[], &[]);
    let one = || push(&project, &edited, &arguments, |_| false);
    let (left, right) = tokio::join!(one(), one());
    let mut counts = [left, right].map(|done| done.expect("both succeed").changes.len());
    counts.sort_unstable();
    assert_eq!(counts, [0, 1]);
    pushed.remove().await;
}
