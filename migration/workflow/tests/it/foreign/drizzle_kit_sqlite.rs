//! The schema of shop as it was on 2026-11-21: 4 tables.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        let why = "this schema was read from SQLite: say here what PostgreSQL is to have";
        return Err(DbErr::Migration(why.to_owned()));
    }
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

const UP: &[&str] = &[
    r#"CREATE TABLE "post_tags" (
    "post_id" text NOT NULL,
    "tag_id" integer NOT NULL,
    CONSTRAINT "fk_post_tags_post_id" FOREIGN KEY ("post_id") REFERENCES "posts" ("id") ON DELETE CASCADE,
    CONSTRAINT "fk_post_tags_tag_id" FOREIGN KEY ("tag_id") REFERENCES "tags" ("id"),
    PRIMARY KEY ("post_id", "tag_id")
)"#,
    r#"CREATE TABLE "posts" (
    "id" text NOT NULL,
    "author_id" integer NOT NULL,
    "parent_id" text,
    "title" text(200) NOT NULL,
    "slug" text NOT NULL,
    "status" text DEFAULT 'draft' NOT NULL,
    "views" integer DEFAULT 0 NOT NULL,
    "score" real,
    "body" blob,
    "meta" text,
    "published_at" text,
    CONSTRAINT "fk_posts_author_id" FOREIGN KEY ("author_id") REFERENCES "users" ("id") ON DELETE CASCADE,
    CONSTRAINT "fk_posts_parent_id" FOREIGN KEY ("parent_id") REFERENCES "posts" ("id") ON DELETE SET NULL,
    CONSTRAINT "posts_views" CHECK ("posts"."views" >= 0),
    PRIMARY KEY ("id")
)"#,
    "CREATE UNIQUE INDEX `posts_author_slug` ON `posts` (`author_id`,`slug`)",
    r#"CREATE INDEX `posts_published` ON `posts` (`published_at`) WHERE "posts"."status" = 'published'"#,
    r#"CREATE TABLE "tags" (
    "id" integer NOT NULL,
    "label" text NOT NULL,
    PRIMARY KEY ("id")
)"#,
    "CREATE UNIQUE INDEX `tags_label` ON `tags` (`label`)",
    r#"CREATE TABLE "users" (
    "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    "email" text NOT NULL,
    "name" text,
    "active" integer DEFAULT true NOT NULL,
    "created_at" integer DEFAULT (unixepoch() * 1000) NOT NULL
)"#,
    "CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`)",
    r#"CREATE UNIQUE INDEX `users_lower_email` ON `users` (lower("email"))"#,
    r#"CREATE VIEW `published` AS select "id", "title" from "posts" where status = 'published'"#,
];

const DOWN: &[&str] = &[
    r#"DROP VIEW "published""#,
    r#"DROP TABLE "post_tags""#,
    r#"DROP TABLE "posts""#,
    r#"DROP TABLE "users""#,
    r#"DROP TABLE "tags""#,
];
