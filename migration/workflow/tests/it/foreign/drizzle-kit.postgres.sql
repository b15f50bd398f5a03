CREATE TYPE "public"."status" AS ENUM('draft', 'published', 'archived');
CREATE TABLE "post_tags" (
	"post_id" uuid NOT NULL,
	"tag_id" integer NOT NULL,
	CONSTRAINT "post_tags_post_id_tag_id_pk" PRIMARY KEY("post_id","tag_id")
);

CREATE TABLE "posts" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"author_id" integer NOT NULL,
	"parent_id" uuid,
	"title" varchar(200) NOT NULL,
	"slug" text NOT NULL,
	"status" "status" DEFAULT 'draft' NOT NULL,
	"views" bigint DEFAULT 0 NOT NULL,
	"price" numeric(12, 2),
	"meta" jsonb DEFAULT '{}'::jsonb,
	"published_at" timestamp,
	CONSTRAINT "posts_author_slug" UNIQUE("author_id","slug"),
	CONSTRAINT "posts_views" CHECK ("posts"."views" >= 0)
);

CREATE TABLE "tags" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tags_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"label" text NOT NULL,
	CONSTRAINT "tags_label" UNIQUE("label")
);

CREATE TABLE "users" (
	"id" serial PRIMARY KEY NOT NULL,
	"email" varchar(255) NOT NULL,
	"name" text,
	"active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email")
);

ALTER TABLE "post_tags" ADD CONSTRAINT "post_tags_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "public"."posts"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "post_tags" ADD CONSTRAINT "post_tags_tag_id_tags_id_fk" FOREIGN KEY ("tag_id") REFERENCES "public"."tags"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "posts" ADD CONSTRAINT "posts_parent" FOREIGN KEY ("parent_id") REFERENCES "public"."posts"("id") ON DELETE set null ON UPDATE no action;
CREATE INDEX "posts_published" ON "posts" USING btree ("published_at" DESC NULLS LAST) WHERE "posts"."status" = 'published';
CREATE UNIQUE INDEX "users_lower_email" ON "users" USING btree (lower("email"));
CREATE VIEW "public"."published" AS (select "id", "title" from "posts" where status = 'published');