-- rule renaming-column postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
-- bad
ALTER TABLE "task" RENAME COLUMN "title" TO "name" /* and with it the names of its constraints and indexes */;
-- finds renaming-column task.title
-- bad
ALTER TABLE task RENAME COLUMN title TO name;
-- finds renaming-column task.title
-- good
ALTER TABLE task ADD COLUMN name text;
CREATE TABLE note (id bigint PRIMARY KEY, body text);
ALTER TABLE note RENAME COLUMN body TO content;

-- rule renaming-column sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, title text);
-- bad
ALTER TABLE "task" RENAME COLUMN "title" TO "name" /* and with it the names of its constraints and indexes */;
-- finds renaming-column task.title
-- bad
ALTER TABLE Task RENAME title TO name;
-- finds renaming-column task.title
-- good
ALTER TABLE task ADD COLUMN name text;

-- rule renaming-table postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
ALTER TABLE "task" RENAME TO "job" /* and with it the names of its constraints and indexes */;
-- finds renaming-table task
-- bad
ALTER TABLE task RENAME TO job;
-- finds renaming-table task
-- good
CREATE TABLE job (id bigint PRIMARY KEY);
ALTER TABLE job RENAME TO work;
CREATE INDEX ix ON work (id);

-- rule renaming-table sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, title text);
-- bad
ALTER TABLE task RENAME TO job;
-- finds renaming-table task
-- good
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;

-- rule renaming-enum-value postgres
-- given
CREATE TYPE mood AS ENUM ('sad', 'ok');
-- bad
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
-- finds renaming-enum-value mood.ok
-- good
ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok';
ALTER TYPE mood RENAME TO humour;

-- rule ban-drop-column postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text, note text);
-- bad
ALTER TABLE task DROP COLUMN title, DROP COLUMN IF EXISTS note;
-- finds ban-drop-column task.title
-- finds ban-drop-column task.note
-- good
ALTER TABLE task ADD COLUMN tried text;
ALTER TABLE task DROP COLUMN tried;

-- rule ban-drop-column sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, title text);
-- bad
ALTER TABLE "task" DROP COLUMN "title";
-- finds ban-drop-column task.title
-- good
ALTER TABLE task ADD COLUMN tried text;
ALTER TABLE task DROP COLUMN tried;
-- good down
ALTER TABLE task DROP COLUMN title;

-- rule ban-drop-table postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
DROP TABLE IF EXISTS task CASCADE;
CREATE TABLE task (id bigint PRIMARY KEY);
-- finds ban-drop-table task
-- good
CREATE TABLE scratch (id bigint PRIMARY KEY);
DROP TABLE scratch;
-- good down
DROP TABLE task;

-- rule ban-drop-table sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
CREATE VIRTUAL TABLE words USING fts5(text, content='task');
-- bad
DROP TABLE task;
-- finds ban-drop-table task
-- good
DROP TABLE words;

-- rule ban-drop-database postgres
-- bad outside
DROP DATABASE IF EXISTS production;
-- finds ban-drop-database production
-- good
DROP SCHEMA IF EXISTS scratch;

-- rule ban-truncate-cascade postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
TRUNCATE TABLE task CASCADE;
-- finds ban-truncate-cascade task
-- good
TRUNCATE task;

-- rule ban-drop-not-null postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text NOT NULL, note text);
-- bad
ALTER TABLE task ALTER COLUMN title DROP NOT NULL;
-- finds ban-drop-not-null task.title
-- bad
ALTER DOMAIN name DROP NOT NULL;
-- finds ban-drop-not-null name
-- good
ALTER TABLE task ALTER COLUMN title DROP DEFAULT;
-- good
ALTER TABLE task ALTER COLUMN note DROP NOT NULL;

-- rule require-enum-value-ordering postgres
-- given
CREATE TYPE mood AS ENUM ('sad', 'ok');
-- bad
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'happy';
-- finds require-enum-value-ordering mood.happy
-- good
ALTER TYPE mood ADD VALUE 'happy' AFTER 'ok';
