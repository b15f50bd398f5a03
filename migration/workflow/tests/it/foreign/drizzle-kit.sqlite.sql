CREATE TABLE `post_tags` (
	`post_id` text NOT NULL,
	`tag_id` integer NOT NULL,
	PRIMARY KEY(`post_id`, `tag_id`),
	FOREIGN KEY (`post_id`) REFERENCES `posts`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`tag_id`) REFERENCES `tags`(`id`) ON UPDATE no action ON DELETE no action
);

CREATE TABLE `posts` (
	`id` text PRIMARY KEY NOT NULL,
	`author_id` integer NOT NULL,
	`parent_id` text,
	`title` text(200) NOT NULL,
	`slug` text NOT NULL,
	`status` text DEFAULT 'draft' NOT NULL,
	`views` integer DEFAULT 0 NOT NULL,
	`score` real,
	`body` blob,
	`meta` text,
	`published_at` text,
	FOREIGN KEY (`author_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`parent_id`) REFERENCES `posts`(`id`) ON UPDATE no action ON DELETE set null,
	CONSTRAINT "posts_views" CHECK("posts"."views" >= 0)
);

CREATE INDEX `posts_published` ON `posts` (`published_at`) WHERE "posts"."status" = 'published';
CREATE UNIQUE INDEX `posts_author_slug` ON `posts` (`author_id`,`slug`);
CREATE TABLE `tags` (
	`id` integer PRIMARY KEY NOT NULL,
	`label` text NOT NULL
);

CREATE UNIQUE INDEX `tags_label` ON `tags` (`label`);
CREATE TABLE `users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`email` text NOT NULL,
	`name` text,
	`active` integer DEFAULT true NOT NULL,
	`created_at` integer DEFAULT (unixepoch() * 1000) NOT NULL
);

CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);
CREATE UNIQUE INDEX `users_lower_email` ON `users` (lower("email"));
CREATE VIEW `published` AS select "id", "title" from "posts" where status = 'published';