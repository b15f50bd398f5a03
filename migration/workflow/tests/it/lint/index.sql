-- rule require-concurrent-index-creation postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
-- bad
CREATE UNIQUE INDEX ix ON task (title);
-- finds require-concurrent-index-creation ix
-- good outside
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON task (title);
-- good
CREATE TABLE label (id bigint PRIMARY KEY, name text);
CREATE INDEX ix_label ON label (name);

-- rule require-concurrent-index-deletion postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
CREATE INDEX ix ON task (title);
-- bad
DROP INDEX ix;
-- finds require-concurrent-index-deletion ix
-- good outside
DROP INDEX CONCURRENTLY IF EXISTS ix;
-- good down
DROP INDEX ix;

-- rule require-concurrent-reindex postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY);
-- bad outside
REINDEX TABLE task;
-- finds require-concurrent-reindex task
-- good outside
REINDEX TABLE CONCURRENTLY task;

-- rule require-concurrent-partition-detach postgres
-- given
CREATE TABLE log (at date) PARTITION BY RANGE (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
-- bad
ALTER TABLE log DETACH PARTITION log_1;
-- finds require-concurrent-partition-detach log_1
-- good outside
ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY;

-- rule ban-concurrent-index-creation-in-transaction postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, title text);
-- bad
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON task (title);
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_2 ON task (title);
-- finds ban-concurrent-index-creation-in-transaction ix
-- finds ban-concurrent-index-creation-in-transaction ix_2
-- bad outside
BEGIN;
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON task (title);
COMMIT;
-- finds ban-concurrent-index-creation-in-transaction ix
-- good outside
CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON task (title);

-- rule index-with-many-columns postgres
-- bad
CREATE TABLE task (a text, b text, c text, d text);
CREATE INDEX ix ON task (a, b, c, d);
-- finds index-with-many-columns ix
-- good
CREATE TABLE task (a text, b text, c text, d text);
CREATE INDEX ix ON task (a, b, c);
CREATE UNIQUE INDEX uq ON task (a, b, c, d);

-- rule index-with-many-columns sqlite
-- given
CREATE TABLE task (a text, b text, c text, d text);
-- bad
CREATE INDEX ix ON task (a, b, c, d);
-- finds index-with-many-columns ix
-- good
CREATE INDEX ix ON task (a, b, c);

-- rule unindexed-foreign-key postgres
-- given
CREATE TABLE project (id bigint PRIMARY KEY);
CREATE TABLE task (id bigint PRIMARY KEY, project_id bigint REFERENCES project (id));
CREATE INDEX ix ON task (project_id, id);
-- bad
CREATE TABLE note (id bigint PRIMARY KEY, task_id bigint CONSTRAINT fk REFERENCES task (id), at bigint);
CREATE INDEX ix_note ON note (at, task_id);
-- finds unindexed-foreign-key note.task_id
-- bad outside
DROP INDEX CONCURRENTLY IF EXISTS ix;
-- finds unindexed-foreign-key task.project_id
-- good
CREATE TABLE note (id bigint PRIMARY KEY, task_id bigint REFERENCES task (id), by_id bigint REFERENCES project (id));
CREATE INDEX ix_note ON note (task_id DESC, id);
CREATE INDEX ix_by ON note (by_id) WHERE by_id IS NOT NULL;
CREATE TABLE extra (id bigint PRIMARY KEY REFERENCES task (id));

-- rule unindexed-foreign-key sqlite
-- bad
CREATE TABLE task (id integer PRIMARY KEY, parent_id integer REFERENCES task (id));
CREATE INDEX ix ON task (parent_id) WHERE id > 100;
-- finds unindexed-foreign-key task.parent_id
-- good
CREATE TABLE task (id integer PRIMARY KEY, parent_id integer REFERENCES task (id));
CREATE INDEX ix ON task (parent_id);
