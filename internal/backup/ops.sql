-- The small database beside the application's own. A restore never swaps it, so
-- that locks, history and the schedule survive one. Safe to run any number of times.
CREATE TABLE IF NOT EXISTS job (
    id          uuid        PRIMARY KEY,
    verb        text        NOT NULL,
    kind        text        NOT NULL DEFAULT '',
    backup_id   uuid,
    state       text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'interrupted')),
    problem     text        NOT NULL DEFAULT '',
    host        text        NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX IF NOT EXISTS job_started_at_idx ON job (started_at);

CREATE TABLE IF NOT EXISTS job_event (
    job_id uuid        NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    id     bigint      GENERATED ALWAYS AS IDENTITY,
    at     timestamptz NOT NULL,
    line   text        NOT NULL,
    PRIMARY KEY (job_id, id)
);

-- One row for each date of a schedule: whoever writes it runs the backup.
CREATE TABLE IF NOT EXISTS schedule_run (
    schedule    text        NOT NULL,
    local_date  date        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('skipped', 'running', 'completed', 'failed')),
    attempts    int         NOT NULL DEFAULT 0,
    problem     text        NOT NULL DEFAULT '',
    backup_id   uuid,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (schedule, local_date)
);

-- Files that nothing refers to, and since when.
CREATE TABLE IF NOT EXISTS orphan (
    key   text        PRIMARY KEY,
    since timestamptz NOT NULL
);

GRANT USAGE ON SCHEMA public TO payaid_backup;
GRANT SELECT, INSERT, UPDATE, DELETE ON job, job_event, schedule_run, orphan TO payaid_backup;

-- Which generation of the application's database is live, and whether writes wait because a restore
-- is about to change that. The fence is a lease: when its owner dies, it ends by itself. One row.
CREATE TABLE IF NOT EXISTS generation (
    single       boolean     PRIMARY KEY DEFAULT true CHECK (single),
    id           uuid        NOT NULL,
    since        timestamptz NOT NULL DEFAULT now(),
    fenced_until timestamptz,
    restore_id   uuid -- that raised the fence, or soon will: until then it is looked for more often
);
INSERT INTO generation (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING;

-- One row for each restore. Its state is written before the work of that state begins; the swap
-- itself writes SWITCH in its own transaction, so that the row always tells which database is live.
CREATE TABLE IF NOT EXISTS restore (
    id             uuid        PRIMARY KEY,
    backup_id      uuid        NOT NULL,
    job_id         uuid        NOT NULL,
    state          text        NOT NULL CHECK (state IN ('CHECK', 'SAFETY', 'LOAD', 'VERIFY', 'MIGRATE', 'OBJECTS', 'FENCE', 'CARRY', 'SWAP', 'SWITCH', 'DONE', 'FAILED', 'ROLLED_BACK')),
    copy           text        NOT NULL, -- the database that is loaded
    previous       text        NOT NULL, -- what the live one is called once it is replaced
    safety_id      uuid,
    problem        text        NOT NULL DEFAULT '',
    times          jsonb       NOT NULL DEFAULT '{}', -- when each state began
    report         jsonb       NOT NULL DEFAULT '{}',
    started_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    rollback_until timestamptz -- the previous database is dropped then; NULL when there is none
);

GRANT SELECT, INSERT, UPDATE, DELETE ON restore TO payaid_backup;
GRANT SELECT, UPDATE ON generation TO payaid_backup;
GRANT SELECT ON generation TO payaid_app;

-- What people ask for in the panel. It comes in as payaid_app, which can make no backup, and is done by a
-- process that can. A request becomes a job with the same id.
CREATE TABLE IF NOT EXISTS request (
    id          uuid        PRIMARY KEY,
    verb        text        NOT NULL,
    backup_id   uuid,
    kind        text        NOT NULL DEFAULT '',
    identity    bytea,      -- a private key, sealed with the installation's secret; NULL once the request has ended
    asked_by    text        NOT NULL,
    state       text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
    problem     text        NOT NULL DEFAULT '',
    asked_at    timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK (identity IS NULL OR state IN ('queued', 'running'))
);
CREATE UNIQUE INDEX IF NOT EXISTS request_open_idx ON request (verb) WHERE state IN ('queued', 'running');

-- Who asked a running job to stop; '' for nobody.
ALTER TABLE job ADD COLUMN IF NOT EXISTS stopped_by text NOT NULL DEFAULT '';

-- What the panel changed of the environment's settings, and since when the installation has been watched.
CREATE TABLE IF NOT EXISTS setting (
    name   text        PRIMARY KEY,
    value  text        NOT NULL,
    set_by text        NOT NULL,
    set_at timestamptz NOT NULL
);
INSERT INTO setting (name, value, set_by, set_at) VALUES ('watched', '', '', now()) ON CONFLICT DO NOTHING;

-- What administrators are told of by mail, once each.
CREATE TABLE IF NOT EXISTS incident (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text        NOT NULL,
    says      text        NOT NULL,
    opened_at timestamptz NOT NULL,
    told_at   timestamptz,
    closed_at timestamptz
);
CREATE UNIQUE INDEX IF NOT EXISTS incident_open_idx ON incident (kind) WHERE closed_at IS NULL;

GRANT SELECT, UPDATE, DELETE ON request TO payaid_backup;
GRANT SELECT ON setting TO payaid_backup;
GRANT USAGE ON SCHEMA public TO payaid_app;
GRANT SELECT ON job, job_event, schedule_run, restore TO payaid_app;
GRANT UPDATE (stopped_by) ON job TO payaid_app;
GRANT SELECT (id, verb, backup_id, kind, asked_by, state, problem, asked_at, finished_at), INSERT,
      UPDATE (identity, state, problem, finished_at) ON request TO payaid_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON setting TO payaid_app;
GRANT SELECT, INSERT, UPDATE ON incident TO payaid_app;

-- What a restore of one tenant would find, and the report of the restore once it was made.
CREATE TABLE IF NOT EXISTS tenant_plan (
    id        uuid        PRIMARY KEY,
    tenant_id uuid        NOT NULL,
    made_at   timestamptz NOT NULL,
    plan      jsonb       NOT NULL,
    report    jsonb
);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_plan TO payaid_backup;
GRANT SELECT ON tenant_plan TO payaid_app;

-- What a request that concerns one tenant asks for; NULL for the others.
ALTER TABLE request ADD COLUMN IF NOT EXISTS tenant jsonb;

-- The moment that a request to restore names; NULL for the others.
ALTER TABLE request ADD COLUMN IF NOT EXISTS moment timestamptz;
