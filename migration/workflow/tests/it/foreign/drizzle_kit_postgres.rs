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
    if manager.get_database_backend() != DbBackend::Postgres {
        let why = "this schema was read from PostgreSQL: say here what SQLite is to have";
        return Err(DbErr::Migration(why.to_owned()));
    }
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

const UP: &[&str] = &[
    r#"CREATE TYPE "status" AS ENUM ('draft', 'published', 'archived')"#,
    "CREATE SEQUENCE IF NOT EXISTS users_id_seq AS integer",
    r#"CREATE TABLE "post_tags" (
    "post_id" uuid NOT NULL,
    "tag_id" integer NOT NULL
)"#,
    r#"CREATE TABLE "posts" (
    "id" uuid DEFAULT gen_random_uuid() NOT NULL,
    "author_id" integer NOT NULL,
    "parent_id" uuid,
    "title" character varying(200) NOT NULL,
    "slug" text NOT NULL,
    "status" status DEFAULT 'draft'::status NOT NULL,
    "views" bigint DEFAULT 0 NOT NULL,
    "price" numeric(12,2),
    "meta" jsonb DEFAULT '{}'::jsonb,
    "published_at" timestamp without time zone
)"#,
    r#"CREATE TABLE "tags" (
    "id" integer GENERATED ALWAYS AS IDENTITY NOT NULL,
    "label" text NOT NULL
)"#,
    r#"CREATE TABLE "users" (
    "id" integer DEFAULT nextval('users_id_seq'::regclass) NOT NULL,
    "email" character varying(255) NOT NULL,
    "name" text,
    "active" boolean DEFAULT true NOT NULL,
    "created_at" timestamp with time zone DEFAULT now() NOT NULL
)"#,
    r#"ALTER SEQUENCE users_id_seq OWNED BY "users"."id""#,
    r#"ALTER TABLE "post_tags" ADD CONSTRAINT "post_tags_post_id_tag_id_pk" PRIMARY KEY ("post_id", "tag_id")"#,
    r#"ALTER TABLE "posts" ADD CONSTRAINT "posts_author_slug" UNIQUE ("author_id", "slug")"#,
    r#"ALTER TABLE "posts" ADD CONSTRAINT "posts_pkey" PRIMARY KEY ("id")"#,
    r#"ALTER TABLE "posts" ADD CONSTRAINT "posts_views" CHECK ((views >= 0))"#,
    r#"ALTER TABLE "tags" ADD CONSTRAINT "tags_label" UNIQUE ("label")"#,
    r#"ALTER TABLE "tags" ADD CONSTRAINT "tags_pkey" PRIMARY KEY ("id")"#,
    r#"ALTER TABLE "users" ADD CONSTRAINT "users_email_unique" UNIQUE ("email")"#,
    r#"ALTER TABLE "users" ADD CONSTRAINT "users_pkey" PRIMARY KEY ("id")"#,
    r#"ALTER TABLE "post_tags" ADD CONSTRAINT "post_tags_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "posts" ("id") ON DELETE CASCADE"#,
    r#"ALTER TABLE "post_tags" ADD CONSTRAINT "post_tags_tag_id_tags_id_fk" FOREIGN KEY ("tag_id") REFERENCES "tags" ("id")"#,
    r#"ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "users" ("id") ON DELETE CASCADE"#,
    r#"ALTER TABLE "posts" ADD CONSTRAINT "posts_parent" FOREIGN KEY ("parent_id") REFERENCES "posts" ("id") ON DELETE SET NULL"#,
    "CREATE INDEX posts_published ON public.posts USING btree (published_at DESC NULLS LAST) WHERE (status = 'published'::status)",
    "CREATE UNIQUE INDEX users_lower_email ON public.users USING btree (lower((email)::text))",
    r#"CREATE VIEW "published" AS SELECT posts.id,
    posts.title
   FROM posts
  WHERE (posts.status = 'published'::status);"#,
];

const DOWN: &[&str] = &[
    r#"DROP VIEW "published""#,
    r#"DROP TABLE "post_tags""#,
    r#"DROP TABLE "posts""#,
    r#"DROP TABLE "users""#,
    r#"DROP TABLE "tags""#,
    r#"DROP TYPE "status""#,
];
