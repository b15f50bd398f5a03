-- rule require-lock-timeout postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
SET LOCAL lock_timeout = 0;
ALTER TABLE task ADD COLUMN note text;
-- finds require-lock-timeout lock_timeout
-- bad
RESET lock_timeout;
-- finds require-lock-timeout lock_timeout
-- bad without-timeouts
SET statement_timeout = '5s';
ALTER TABLE task ADD COLUMN note text;
ALTER TABLE task ADD COLUMN other text;
-- finds require-lock-timeout lock_timeout
-- good
SET LOCAL lock_timeout = '10s';
ALTER TABLE task ADD COLUMN note text;
-- good without-timeouts
SET lock_timeout = '10s';
SET statement_timeout = '5s';
ALTER TABLE task ADD COLUMN note text;

-- rule require-statement-timeout postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
SET statement_timeout TO DEFAULT;
-- finds require-statement-timeout statement_timeout
-- bad
SET statement_timeout = '0s';
-- finds require-statement-timeout statement_timeout
-- good
SET statement_timeout = '30min';
-- good without-timeouts
CREATE TABLE label (id bigint PRIMARY KEY);

-- rule transaction-nesting postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad
BEGIN;
ALTER TABLE task ADD COLUMN note text;
COMMIT;
-- finds transaction-nesting begin
-- finds transaction-nesting commit
-- bad outside
ALTER TABLE task ADD COLUMN IF NOT EXISTS note text;
COMMIT;
-- finds transaction-nesting commit
-- good outside
BEGIN;
ALTER TABLE task ADD COLUMN note text;
COMMIT;
-- good
SAVEPOINT here;
ALTER TABLE task ADD COLUMN note text;
ROLLBACK TO SAVEPOINT here;

-- rule transaction-nesting sqlite
-- bad
BEGIN;
COMMIT;
-- finds transaction-nesting begin
-- finds transaction-nesting commit
-- good outside
BEGIN;
CREATE TABLE task (id integer PRIMARY KEY);
CREATE TABLE note (id integer PRIMARY KEY);
COMMIT;

-- rule ban-uncommitted-transaction postgres
-- bad outside
BEGIN;
CREATE TABLE task (id bigint PRIMARY KEY);
-- finds ban-uncommitted-transaction begin
-- good outside
BEGIN;
CREATE TABLE task (id bigint PRIMARY KEY);
ROLLBACK;

-- rule ban-uncommitted-transaction sqlite
-- bad outside
BEGIN;
CREATE TABLE task (id integer PRIMARY KEY);
-- finds ban-uncommitted-transaction begin
-- good outside
BEGIN IMMEDIATE;
CREATE TABLE task (id integer PRIMARY KEY);
COMMIT;

-- rule refused-in-transaction postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
CREATE INDEX ix ON task (title);
-- bad
DROP INDEX CONCURRENTLY ix;
-- finds refused-in-transaction DROP INDEX CONCURRENTLY ix
-- bad
VACUUM task;
-- finds refused-in-transaction VACUUM task
-- good outside
DROP INDEX CONCURRENTLY IF EXISTS ix;
VACUUM task;

-- rule refused-in-transaction sqlite
-- bad
VACUUM;
-- finds refused-in-transaction VACUUM
-- good outside
VACUUM;

-- rule prefer-robust-stmts postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text, size bigint);
ALTER TABLE task ADD CONSTRAINT ck CHECK (size > 0) NOT VALID;
-- bad outside
CREATE INDEX CONCURRENTLY ix ON task (title);
-- finds prefer-robust-stmts ix
-- bad outside
ALTER TABLE task ADD COLUMN note text;
CREATE TABLE label (id bigint PRIMARY KEY);
-- finds prefer-robust-stmts task
-- finds prefer-robust-stmts label
-- good outside
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON task (title);
ALTER TABLE task ADD COLUMN IF NOT EXISTS note text;
ALTER TABLE task VALIDATE CONSTRAINT ck;
ALTER TABLE task DROP CONSTRAINT IF EXISTS ck;
ALTER TABLE task ADD CONSTRAINT ck CHECK (size > 1) NOT VALID;
-- good
ALTER TABLE task ADD COLUMN note text;

-- rule backfill-with-ddl postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
-- bad
ALTER TABLE task ADD COLUMN name text;
UPDATE task SET name = title;
-- finds backfill-with-ddl task
-- bad
ALTER TABLE task ADD COLUMN name text;
WITH old AS (SELECT id FROM task WHERE title IS NULL) DELETE FROM task USING old WHERE old.id = task.id;
-- finds backfill-with-ddl task
-- good
UPDATE task SET title = '' WHERE title IS NULL;
-- good
CREATE TABLE label (id bigint PRIMARY KEY, name text);
INSERT INTO label SELECT id, title FROM task;
UPDATE label SET name = 'x';
UPDATE task SET title = 'x';

-- rule not-transactional sqlite
-- given
CREATE TABLE task (id integer PRIMARY KEY);
-- bad outside
ALTER TABLE task ADD COLUMN title text;
CREATE INDEX ix ON task (title);
-- finds not-transactional 2 statements
-- bad outside down
DELETE FROM task;
UPDATE task SET id = 2;
-- finds not-transactional 2 statements
-- good
ALTER TABLE task ADD COLUMN title text;
CREATE INDEX ix ON task (title);
-- good outside
ALTER TABLE task ADD COLUMN title text;

-- rule pragma-in-transaction sqlite
-- bad
PRAGMA foreign_keys = OFF;
-- finds pragma-in-transaction foreign_keys
-- good outside
PRAGMA foreign_keys = OFF;
-- good
PRAGMA foreign_key_check;
PRAGMA foreign_keys;
