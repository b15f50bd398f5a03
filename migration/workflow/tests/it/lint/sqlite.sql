-- rule add-column-unique sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
-- bad
ALTER TABLE task ADD COLUMN slug text UNIQUE;
-- finds add-column-unique task.slug
-- bad down
ALTER TABLE task ADD COLUMN slug text CONSTRAINT uq UNIQUE;
-- finds add-column-unique task.slug
-- good
ALTER TABLE task ADD COLUMN slug text;
CREATE UNIQUE INDEX uq ON task (slug);

-- rule add-column-expression-default sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
-- bad
ALTER TABLE task ADD COLUMN at text DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE task ADD COLUMN on_day text NOT NULL DEFAULT (date('now'));
-- finds add-column-expression-default task.at
-- finds add-column-expression-default task.on_day
-- good
ALTER TABLE task ADD COLUMN at text DEFAULT '2026-01-01';
ALTER TABLE task ADD COLUMN number integer DEFAULT -1;
ALTER TABLE task ADD COLUMN done boolean NOT NULL DEFAULT FALSE;

-- rule add-column-references-default sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
-- bad
ALTER TABLE task ADD COLUMN parent_id integer DEFAULT 1 REFERENCES task (id);
CREATE INDEX ix ON task (parent_id);
-- finds add-column-references-default task.parent_id
-- good
ALTER TABLE task ADD COLUMN parent_id integer DEFAULT NULL REFERENCES task (id);
CREATE INDEX ix ON task (parent_id);

-- rule add-column-stored sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
-- bad
ALTER TABLE task ADD COLUMN twice integer GENERATED ALWAYS AS (id * 2) STORED;
-- finds add-column-stored task.twice
-- good
ALTER TABLE task ADD COLUMN twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL;
ALTER TABLE task ADD COLUMN thrice integer AS (id * 3);

-- rule drop-column-in-use sqlite
-- given
CREATE TABLE project (id integer PRIMARY KEY);
CREATE TABLE task (id integer PRIMARY KEY, a text, b text, c text UNIQUE, d text, e text CHECK (e <> ''), f text, g text, project_id integer REFERENCES project (id), other_id integer, CONSTRAINT fk FOREIGN KEY (other_id) REFERENCES project (id), CONSTRAINT ck CHECK (d <> 'f'));
CREATE INDEX ix ON task (a) WHERE b IS NOT NULL;
CREATE INDEX ix_project ON task (project_id);
CREATE VIEW texts AS SELECT f FROM task;
CREATE TRIGGER noted AFTER UPDATE ON task BEGIN UPDATE project SET id = id WHERE old.g <> new.g; END;
-- bad down
ALTER TABLE task DROP COLUMN a;
-- finds drop-column-in-use task.a: ix
-- bad down
ALTER TABLE task DROP COLUMN b;
-- finds drop-column-in-use task.b: ix
-- bad down
ALTER TABLE task DROP COLUMN c;
-- finds drop-column-in-use task.c: unique (c)
-- bad down
ALTER TABLE task DROP COLUMN d;
-- finds drop-column-in-use task.d: ck
-- bad down
ALTER TABLE task DROP COLUMN f;
-- finds drop-column-in-use task.f: texts
-- bad down
ALTER TABLE task DROP COLUMN g;
-- finds drop-column-in-use task.g: task.noted
-- bad down
ALTER TABLE task DROP COLUMN id;
-- finds drop-column-in-use task.id: primary key
-- bad down
ALTER TABLE task DROP COLUMN other_id;
-- finds drop-column-in-use task.other_id: fk
-- good down
DROP INDEX ix_project;
ALTER TABLE task DROP COLUMN project_id;
-- good down
ALTER TABLE task DROP COLUMN e;
-- good down
DROP INDEX ix;
ALTER TABLE task DROP COLUMN a;
ALTER TABLE task DROP COLUMN b;
-- good down
DROP VIEW texts;
DROP TRIGGER noted;
ALTER TABLE task DROP COLUMN f;
ALTER TABLE task DROP COLUMN g;

-- rule drop-column-in-use sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, a text, CONSTRAINT ck CHECK (a <> ''));
/* by a rebuild of the table: ALTER TABLE "task" DROP CONSTRAINT "ck" */;
-- good down
ALTER TABLE task DROP COLUMN a;
/* by a rebuild of the table: ALTER TABLE "task" ALTER COLUMN "id" TYPE text */;

-- rule drop-column-in-use sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, a text, b text);
CREATE UNIQUE INDEX uq_task_b_a ON task (b, a);
/* the rest is as recorded */;
ALTER TABLE task RENAME COLUMN a TO c /* and with it the names of its constraints and indexes */;
ALTER TABLE task RENAME TO job /* and with it the names of its constraints and indexes */;
-- good down
DROP INDEX uq_job_b_c;
ALTER TABLE job DROP COLUMN c;
-- bad down
DROP INDEX uq_task_b_a;
ALTER TABLE job DROP COLUMN c;
-- finds drop-column-in-use job.c: uq_job_b_c

-- rule drop-table-with-children sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, title text);
CREATE TABLE note (id integer PRIMARY KEY, task_id integer REFERENCES task (id) ON DELETE CASCADE);
CREATE INDEX ix ON note (task_id);
-- bad
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
-- finds drop-table-with-children task ← note
-- bad
PRAGMA foreign_keys = OFF;
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
-- finds pragma-in-transaction foreign_keys
-- finds drop-table-with-children task ← note
-- bad
ALTER TABLE task RENAME TO task_old;
CREATE TABLE task (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task SELECT * FROM task_old;
DROP TABLE task_old;
-- finds ban-drop-table task_old
-- finds drop-table-with-children task_old ← note
-- bad down
DROP TABLE task;
-- finds drop-table-with-children task ← note
-- good outside
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
PRAGMA foreign_key_check;
COMMIT;
PRAGMA foreign_keys = ON;
-- good down
DROP TABLE note;
DROP TABLE task;

-- rule rebuild-loses-objects sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, title text, note text);
CREATE INDEX ix ON task (title);
CREATE INDEX ix_note ON task (note);
CREATE TRIGGER told AFTER INSERT ON task BEGIN SELECT 1; END;
-- bad
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL, note text);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
CREATE INDEX ix_title ON task (title);
-- finds rebuild-loses-objects ix_note
-- finds rebuild-loses-objects task.told
-- good
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT id, title FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
CREATE INDEX ix ON task (title);
CREATE TRIGGER told AFTER INSERT ON task BEGIN SELECT 1; END;

-- rule rebuild-under-view sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY, title text);
CREATE TABLE note (id integer PRIMARY KEY);
CREATE VIEW titles AS SELECT title FROM task;
CREATE TRIGGER noted AFTER INSERT ON note BEGIN DELETE FROM task WHERE id = new.id; END;
-- bad
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
-- finds rebuild-under-view titles
-- finds rebuild-under-view note.noted
-- good
DROP VIEW titles;
DROP TRIGGER noted;
CREATE TABLE task_new (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO task_new SELECT * FROM task;
DROP TABLE task;
ALTER TABLE task_new RENAME TO task;
CREATE VIEW titles AS SELECT title FROM task;
CREATE TRIGGER noted AFTER INSERT ON note BEGIN DELETE FROM task WHERE id = new.id; END;
