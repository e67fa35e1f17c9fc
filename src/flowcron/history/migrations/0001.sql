-- Times are integer microseconds since the epoch, UTC. States and triggers are fixed English words.

CREATE TABLE identity (  -- tells this history from every other; the newest row holds
    id TEXT NOT NULL,
    first_run INTEGER NOT NULL DEFAULT 1,  -- the logs of runs from here on are under this id
    copied_at INTEGER,     -- set in a backup: what came after it is not in it
    unknown_since INTEGER  -- set until jobs are told: nobody knows what ran from then to now
) STRICT;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(8))));

CREATE TABLE configurations (  -- the last one without a mistake, for a start with a broken file
    path TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    body TEXT NOT NULL,        -- JSON, see config/aside.py
    loaded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE schedulers (  -- one row for each start; its id is the epoch that supervisors check
    id INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    boot TEXT NOT NULL,
    host TEXT NOT NULL,
    version TEXT NOT NULL,
    config TEXT NOT NULL,          -- path of the configuration
    config_digest TEXT NOT NULL,   -- of what is loaded
    loaded_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    stopped_at INTEGER,
    stop_reason TEXT
) STRICT;

CREATE TABLE supervisors (
    id INTEGER PRIMARY KEY,
    instance TEXT NOT NULL UNIQUE,
    boot TEXT NOT NULL,
    pid INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    definition_id INTEGER REFERENCES definitions (id),  -- NULL: no longer in the configuration
    position INTEGER NOT NULL DEFAULT 0,                -- order in the configuration
    schedule TEXT NOT NULL DEFAULT '',                  -- what decided_through is valid for
    decided_through INTEGER,                            -- every time up to here has its run
    generation INTEGER NOT NULL DEFAULT 0,              -- grows with each backward clock step
    boot TEXT,                                          -- the last for which its on = "start" ran
    paused_at INTEGER,
    paused_until INTEGER,                               -- NULL: until somebody resumes it
    pause_reason TEXT,
    paused_by TEXT
) STRICT;

CREATE TABLE definitions (  -- what a job was when a run of it was made
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    body TEXT NOT NULL,     -- JSON, see domain/snapshot.py
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    definition_id INTEGER NOT NULL,  -- of definitions; with REFERENCES dropping one scans all runs
    scheduled_at INTEGER,
    generation INTEGER NOT NULL DEFAULT 0,
    "trigger" TEXT NOT NULL CHECK ("trigger" IN (
        'schedule', 'catch-up', 'manual', 'retry', 'after', 'exec', 'flow', 'start', 'webhook')),
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'running', 'retrying',
        'success', 'failed', 'timed_out', 'skipped', 'missed', 'cancelled', 'lost')),
    recorded_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    signal INTEGER,
    reason TEXT,
    covers INTEGER,        -- how many times this one row stands for, where it is more than itself
    retry_at INTEGER,      -- when the next attempt is due, while retrying
    waits TEXT,            -- what a queued run waits for
    slow_at INTEGER,       -- when it had gone on for longer than slow_after
    late INTEGER,          -- microseconds; set where it started later than late_after
    chain INTEGER,         -- the run that the chain began with, where it is another
    upstream INTEGER,      -- the run that it followed
    retry_of INTEGER,      -- the run that it does again
    cancelled_by TEXT,     -- who asked for its end while it had a process; another scheduler goes on
    alone INTEGER NOT NULL DEFAULT 0,    -- 1: nothing runs after it
    requested_by TEXT,     -- who asked for it, for manual runs
    retries INTEGER NOT NULL DEFAULT 1,  -- 0: asked to run without
    owner TEXT,            -- JSON {pid, started, boot}: the process that runs it in the foreground
    UNIQUE (scheduled_at, job_id, generation)  -- in this order a storm touches few pages
) STRICT;

CREATE INDEX runs_of_job ON runs (job_id);
CREATE INDEX runs_of_chain ON runs (chain) WHERE chain IS NOT NULL;
CREATE INDEX runs_owned ON runs (job_id)
WHERE owner IS NOT NULL AND state IN ('queued', 'running', 'retrying');
CREATE INDEX runs_of_retry ON runs (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX runs_open ON runs (job_id) WHERE state IN ('queued', 'running', 'retrying');
-- for people: what happened in a span of time, and what went wrong, in a history of any length
CREATE INDEX runs_when ON runs (coalesce(scheduled_at, recorded_at));
CREATE INDEX runs_eventful ON runs (id, state)  -- with the state, so that counting is quick
WHERE state IN ('failed', 'timed_out', 'skipped', 'missed', 'cancelled', 'lost');

CREATE TABLE attempts (
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'running', 'success', 'failed', 'timed_out', 'cancelled', 'lost')),
    supervisor_id INTEGER,  -- of supervisors, in the same way: to whom its spawn goes
    token TEXT,          -- the next four only until the attempt is over
    pid INTEGER,
    pid_started INTEGER,
    pid_inode INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    exit_code INTEGER,
    signal INTEGER,
    reason TEXT,
    last_line TEXT,      -- the last line worth reading of what it wrote
    max_rss INTEGER,     -- KiB
    cpu INTEGER,         -- microseconds, user and system
    output_bytes INTEGER,
    elided_bytes INTEGER,
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE output (  -- small outputs; larger ones stay in files, empty ones are nowhere
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    pieces BLOB NOT NULL,  -- see supervisor/output.py
    PRIMARY KEY (run_id, number)
) STRICT;

CREATE TABLE requests (  -- what somebody asks of a scheduler
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('run', 'retry', 'cancel', 'stop', 'reload', 'ping')),
    scheduler_id INTEGER REFERENCES schedulers (id),  -- NULL: whichever comes first
    arguments TEXT NOT NULL DEFAULT '{}',             -- JSON
    requested_by TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    applied_at INTEGER,
    error TEXT,          -- why it was refused
    exit_code INTEGER,   -- for the command that asked, when refused
    result TEXT          -- JSON
) STRICT;

CREATE INDEX requests_open ON requests (id) WHERE applied_at IS NULL;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- The public, read-only face of this file for sqlite3, Datasette and pandas; additive changes only.

CREATE VIEW flowcron_runs AS
SELECT
    runs.id, jobs.name AS job, runs.state, runs."trigger",
    runs.scheduled_at / 1e6 AS scheduled_at, runs.started_at / 1e6 AS started_at,
    runs.finished_at / 1e6 AS finished_at, (runs.finished_at - runs.started_at) / 1e6 AS duration,
    runs.attempts, runs.exit_code, runs.signal, runs.reason,
    runs.chain, runs.upstream, runs.retry_of, runs.waits, runs.late / 1e6 AS late,
    runs.slow_at / 1e6 AS slow_at
FROM runs JOIN jobs ON jobs.id = runs.job_id;

CREATE VIEW flowcron_attempts AS
SELECT
    attempts.run_id AS run, attempts.number AS attempt, attempts.state,
    attempts.started_at / 1e6 AS started_at, attempts.finished_at / 1e6 AS finished_at,
    attempts.exit_code, attempts.signal, attempts.reason, attempts.max_rss, attempts.cpu / 1e6 AS cpu,
    attempts.output_bytes, attempts.elided_bytes
FROM attempts;

CREATE VIEW flowcron_jobs AS
SELECT jobs.name AS job, definitions.body AS definition, jobs.decided_through / 1e6 AS decided_through
FROM jobs LEFT JOIN definitions ON definitions.id = jobs.definition_id;

CREATE TABLE incidents (  -- a job that is broken: from its first failure to its next success
    id INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    opened_at INTEGER NOT NULL,      -- when the first of its failures was over
    closed_at INTEGER,
    failures INTEGER NOT NULL,       -- runs in a row
    first_run INTEGER NOT NULL,
    last_run INTEGER NOT NULL,
    last_success_at INTEGER,         -- when the last success before it had started
    acknowledged_at INTEGER,         -- no reminders until it recovers
    acknowledged_by TEXT
) STRICT;

CREATE UNIQUE INDEX incidents_open ON incidents (job_id) WHERE closed_at IS NULL;
CREATE INDEX incidents_of_job ON incidents (job_id, id);

CREATE TABLE heard (  -- which channel was told of an incident
    incident_id INTEGER NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
    channel TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (incident_id, channel)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (  -- what channels are still to be told, and what they were
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    target TEXT,                     -- which of the ways of the channel; NULL: not looked at yet
    event TEXT NOT NULL CHECK (event IN ('failure', 'retry', 'recovery', 'missed', 'late', 'slow',
        'start', 'success', 'scheduler', 'mail', 'test')),
    job_id INTEGER REFERENCES jobs (id),
    run_id INTEGER,
    incident_id INTEGER,
    text TEXT NOT NULL,              -- what happened, in a line
    details TEXT NOT NULL DEFAULT '{}',  -- JSON, see engine/alerts.py
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,         -- when it is to be tried next
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
    tries INTEGER NOT NULL DEFAULT 0,
    error TEXT,                      -- of the last try; never with a secret
    failing_since INTEGER,           -- when its first try failed
    leased_until INTEGER,            -- somebody is just sending it
    fell_back INTEGER NOT NULL DEFAULT 0,  -- 1: the fallback of its channel has it too
    via TEXT,                        -- the service behind the target: slack, email
    sent_at INTEGER,
    message INTEGER                  -- the first row of the message that it was sent with
) STRICT;

CREATE INDEX outbox_waiting ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_sent ON outbox (channel, target, sent_at) WHERE state = 'sent';
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX outbox_of_run ON outbox (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE mutes (  -- of a job, or of all jobs with a tag: 'backup', 'tag:db'
    target TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER,                   -- NULL: until somebody unmutes it
    muted_by TEXT NOT NULL
) STRICT;

-- for people: what was sent of late, and who was told of an incident
CREATE INDEX outbox_sent_at ON outbox (sent_at) WHERE state = 'sent';
CREATE INDEX outbox_of_incident ON outbox (incident_id) WHERE incident_id IS NOT NULL;
