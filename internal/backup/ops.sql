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

GRANT USAGE ON SCHEMA public TO payaid_backup;
GRANT SELECT, INSERT, UPDATE, DELETE ON job, job_event, schedule_run TO payaid_backup;
