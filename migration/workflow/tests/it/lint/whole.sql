-- rule migration-fails postgres
-- bad
-- broken Query Error: relation "x" does not exist
CREATE TABLE task (id bigint PRIMARY KEY);
-- finds migration-fails Query Error: relation "x" does not exist
-- good
CREATE TABLE task (id bigint PRIMARY KEY);

-- rule migration-fails sqlite
-- bad
-- broken Sqlite not support modifying table column
-- finds migration-fails Sqlite not support modifying table column
-- good
CREATE TABLE task (id integer PRIMARY KEY);

-- rule irreversible-down postgres
-- bad down
-- broken We Don't Do That Here
-- finds irreversible-down We Don't Do That Here
-- bad down
-- up
CREATE TABLE task (id bigint PRIMARY KEY);
-- finds irreversible-down down() does nothing
-- good down
DROP TABLE task;
-- up
CREATE TABLE task (id bigint PRIMARY KEY);
-- good down
-- up
UPDATE task SET id = 1;

-- rule irreversible-down sqlite
-- bad down
-- up
CREATE INDEX ix ON task (id);
-- finds irreversible-down down() does nothing
-- good down
DROP INDEX ix;
-- up
CREATE INDEX ix ON task (id);

-- rule identifier-too-long postgres
-- bad
CREATE TABLE task (a_name_that_has_sixty_four_bytes_which_is_one_more_than_fits_in_it bigint);
-- finds identifier-too-long a_name_that_has_sixty_four_bytes_which_is_one_more_than_fits_in_it
-- good
CREATE TABLE task (note text DEFAULT 'a_text_that_has_sixty_four_bytes_is_no_name_and_may_be_as_long_as_it_likes');

-- rule unparsed postgres
-- bad
ALTER TABLE task INHERIT other;
-- finds unparsed ALTER TABLE task INHERIT other
-- bad
DO $$ BEGIN ALTER TABLE task DROP COLUMN title; END $$;
-- finds ban-drop-column DO $$ BEGIN ALTER TABLE task DROP COLUMN title; END $$
-- good
COMMENT ON CONSTRAINT pk ON task IS 'x';

-- rule unparsed sqlite
-- bad
EXPLODE task;
-- finds unparsed EXPLODE task
-- bad
ALTER TABLE task ADD CONSTRAINT ck CHECK (id > 0) ENFORCED TWICE;
-- finds unparsed ALTER TABLE task ADD CONSTRAINT ck CHECK (id > 0) ENFORCED TWICE
-- good
PRAGMA foreign_key_check(task);
CREATE TABLE task (id integer PRIMARY KEY) STRICT, WITHOUT ROWID;

-- rule unused-allow postgres
-- bad
-- source // lint: allow ban-drop-table: nobody uses it
CREATE TABLE label (id bigint PRIMARY KEY);
-- finds unused-allow ban-drop-table
-- good
-- source // lint: allow ban-drop-table: nobody uses it
DROP TABLE task;

-- rule invalid-allow postgres
-- bad
-- source // lint: allow ban-drop-table:
-- source // lint: allow ban-dropping: nobody uses it
DROP TABLE task;
-- finds ban-drop-table task
-- finds invalid-allow // lint: allow ban-drop-table:
-- finds invalid-allow ban-dropping
-- good
-- source // lint: allow ban-drop-table: nobody uses it
DROP TABLE task;
