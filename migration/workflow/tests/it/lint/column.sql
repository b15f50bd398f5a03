-- rule adding-required-field postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
ALTER TABLE task ADD COLUMN title text NOT NULL;
-- finds adding-required-field task.title
-- bad down
ALTER TABLE task ADD COLUMN title text NOT NULL;
-- finds adding-required-field task.title
-- good
ALTER TABLE task ADD COLUMN title text NOT NULL DEFAULT '';
ALTER TABLE task ADD COLUMN note text;
CREATE TABLE label (id bigint PRIMARY KEY);
ALTER TABLE label ADD COLUMN name text NOT NULL;

-- rule adding-required-field sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
-- bad
ALTER TABLE task ADD COLUMN title text NOT NULL;
ALTER TABLE task ADD COLUMN note text NOT NULL DEFAULT NULL;
-- finds adding-required-field task.title
-- finds adding-required-field task.note
-- good
ALTER TABLE task ADD COLUMN title text NOT NULL DEFAULT 'x';
ALTER TABLE task ADD COLUMN note text NULL;

-- rule adding-field-with-default postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, seconds bigint);
-- bad
ALTER TABLE task ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
-- finds adding-field-with-default task.token
-- bad
ALTER TABLE task ADD COLUMN twice bigint GENERATED ALWAYS AS (seconds * 2) STORED;
-- finds adding-field-with-default task.twice
-- bad
ALTER TABLE task ADD COLUMN score double precision DEFAULT random() * 2;
-- finds adding-field-with-default task.score
-- good
ALTER TABLE task ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE task ADD COLUMN state text NOT NULL DEFAULT 'open'::text;
ALTER TABLE task ADD COLUMN number bigint DEFAULT -1;
ALTER TABLE task ADD COLUMN sum bigint DEFAULT (1 + 2);
ALTER TABLE task ADD COLUMN tags text[] DEFAULT '{}'::text[];
ALTER TABLE task ADD COLUMN day date DEFAULT CURRENT_DATE;
ALTER TABLE task ALTER COLUMN seconds SET DEFAULT random();

-- rule changing-column-type postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
-- bad
ALTER TABLE task ALTER COLUMN title TYPE bigint USING title::bigint;
-- finds changing-column-type task.title
-- good
ALTER TABLE task ALTER COLUMN title SET DEFAULT '';
CREATE TABLE label (id bigint PRIMARY KEY, name text);
ALTER TABLE label ALTER COLUMN name SET DATA TYPE bytea USING name::bytea;

-- rule adding-not-nullable-field postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text, note text, kind text NOT NULL);
ALTER TABLE task ADD CONSTRAINT ck_note CHECK (note IS NOT NULL) NOT VALID;
-- bad
ALTER TABLE task ALTER COLUMN title SET NOT NULL;
-- finds adding-not-nullable-field task.title
-- bad
ALTER TABLE task ALTER COLUMN note SET NOT NULL;
-- finds adding-not-nullable-field task.note
-- good
ALTER TABLE task ALTER COLUMN kind SET NOT NULL;
-- good
ALTER TABLE task VALIDATE CONSTRAINT ck_note;
ALTER TABLE task ALTER COLUMN note SET NOT NULL;
ALTER TABLE task DROP CONSTRAINT ck_note;
