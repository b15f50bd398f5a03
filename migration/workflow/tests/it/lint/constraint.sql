-- rule constraint-missing-not-valid postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, size bigint);
ALTER TABLE task ADD CONSTRAINT ck_old CHECK (size < 100) NOT VALID;
-- bad
ALTER TABLE task ADD CONSTRAINT ck_size CHECK (size > 0);
-- finds constraint-missing-not-valid task.ck_size
-- bad
ALTER TABLE task ADD CONSTRAINT ck_size CHECK (size > 0) NOT VALID;
ALTER TABLE task VALIDATE CONSTRAINT ck_size;
-- finds constraint-missing-not-valid task.ck_size
-- good
ALTER TABLE task ADD CONSTRAINT ck_size CHECK (size > 0) NOT VALID;
ALTER TABLE task VALIDATE CONSTRAINT ck_old;

-- rule adding-foreign-key-constraint postgres
-- given
CREATE TABLE project (id bigint PRIMARY KEY);
CREATE TABLE task (id bigint PRIMARY KEY, project_id bigint);
CREATE INDEX ix ON task (project_id);
-- bad
ALTER TABLE task ADD CONSTRAINT fk FOREIGN KEY (project_id) REFERENCES project (id) ON DELETE CASCADE;
-- finds constraint-missing-not-valid task.fk
-- finds adding-foreign-key-constraint task.fk
-- bad
ALTER TABLE task ADD COLUMN other_id bigint CONSTRAINT fk REFERENCES project (id);
-- finds adding-foreign-key-constraint task.other_id
-- finds unindexed-foreign-key task.other_id
-- good
ALTER TABLE task ADD CONSTRAINT fk FOREIGN KEY (project_id) REFERENCES project (id) NOT VALID;
CREATE TABLE note (id bigint PRIMARY KEY, task_id bigint);
ALTER TABLE note ADD CONSTRAINT fk_note FOREIGN KEY (task_id) REFERENCES task (id);
CREATE INDEX ix_note ON note (task_id);

-- rule adding-serial-primary-key-field postgres
-- given
CREATE TABLE task (number bigint NOT NULL);
CREATE UNIQUE INDEX ix ON task (number);
-- bad
ALTER TABLE task ADD CONSTRAINT pk PRIMARY KEY (number);
-- finds adding-serial-primary-key-field task.pk
-- bad
ALTER TABLE task ADD COLUMN id bigint PRIMARY KEY;
-- finds adding-serial-primary-key-field task.id
-- good
ALTER TABLE task ADD CONSTRAINT pk PRIMARY KEY USING INDEX ix;

-- rule disallowed-unique-constraint postgres
-- given
CREATE TABLE task (id bigint PRIMARY KEY, number bigint);
CREATE UNIQUE INDEX ix ON task (number);
-- bad
ALTER TABLE task ADD CONSTRAINT uq UNIQUE (number);
-- finds disallowed-unique-constraint task.uq
-- bad
ALTER TABLE task ADD COLUMN slug text UNIQUE;
-- finds disallowed-unique-constraint task.slug
-- good
ALTER TABLE task ADD CONSTRAINT uq UNIQUE USING INDEX ix;
CREATE TABLE label (name text UNIQUE, slug text);
ALTER TABLE label ADD UNIQUE (slug);

-- rule ban-create-domain-with-constraint postgres
-- bad
CREATE DOMAIN positive AS bigint CONSTRAINT ck CHECK (value > 0);
-- finds ban-create-domain-with-constraint positive
-- bad
CREATE DOMAIN name AS text NOT NULL;
-- finds ban-create-domain-with-constraint name
-- good
CREATE DOMAIN name AS text;

-- rule ban-alter-domain-with-add-constraint postgres
-- given
CREATE DOMAIN positive AS bigint;
-- bad
ALTER DOMAIN positive ADD CONSTRAINT ck CHECK (value > 0);
-- finds ban-alter-domain-with-add-constraint positive
-- good
ALTER DOMAIN positive DROP CONSTRAINT ck;
