-- The first schema: projects, environments, suites, runs with everything that happens to them, results.
--
-- Twin of postgres/0001_first_light.sql: same tables, columns and indexes, so that one SQL text serves both.
-- Ids are UUIDs as text, times are microseconds since the epoch, documents are JSON text, histograms are bytes.

-- What the lab knows of itself, e.g. which version wrote the schema: an older binary names it when it refuses to start.
CREATE TABLE lab (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    id          TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    -- Number of its newest run: counted here, so that numbers have no gaps and two launches never get the same one.
    last_number INTEGER NOT NULL DEFAULT 0,
    created_us  INTEGER NOT NULL
) STRICT;

CREATE TABLE environment (
    id         TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id),
    name       TEXT NOT NULL,
    document   TEXT NOT NULL,
    changed_us INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

CREATE TABLE suite_version (
    id         TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id),
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    text       TEXT NOT NULL,
    -- When the text became the newest of its suite; an old text that comes back is not kept twice.
    newest_us  INTEGER NOT NULL,
    UNIQUE (project_id, name, sha256)
) STRICT;

-- Test data is the same in most versions of a suite: kept once by its hash.
CREATE TABLE file (
    sha256 TEXT NOT NULL PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;

CREATE TABLE suite_file (
    suite_version_id TEXT NOT NULL REFERENCES suite_version (id) ON DELETE CASCADE,
    name             TEXT NOT NULL,
    sha256           TEXT NOT NULL REFERENCES file (sha256),
    PRIMARY KEY (suite_version_id, name)
) STRICT, WITHOUT ROWID;

-- No foreign key leads here: a worker's row may be forgotten long before its runs are.
CREATE TABLE worker (
    id         TEXT NOT NULL PRIMARY KEY,
    host       TEXT NOT NULL,
    class      TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    seen_us    INTEGER NOT NULL,
    beat       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Small columns only: the row is written at every beat and every second of the run. Documents are in run_document.
CREATE TABLE run (
    id               TEXT NOT NULL PRIMARY KEY,
    project_id       TEXT NOT NULL REFERENCES project (id),
    number           INTEGER NOT NULL,
    environment_id   TEXT NOT NULL REFERENCES environment (id),
    suite_version_id TEXT NOT NULL REFERENCES suite_version (id),
    suite            TEXT NOT NULL,
    scenario         TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN
        ('queued', 'claimed', 'running', 'finishing', 'finished', 'failed', 'cancelled', 'lost')),
    attempt          INTEGER NOT NULL DEFAULT 0,
    worker_id        TEXT,
    claim_id         TEXT,
    lease_beat       INTEGER NOT NULL DEFAULT 0,
    cancel           TEXT CHECK (cancel IN ('stop', 'abort')),
    asked_by         TEXT NOT NULL,
    revision_commit  TEXT,
    revision_branch  TEXT,
    tags             TEXT NOT NULL,
    -- Lower-case words that the list is searched by.
    search           TEXT NOT NULL,
    load             TEXT NOT NULL,
    planned_seconds  REAL NOT NULL,
    created_us       INTEGER NOT NULL,
    started_us       INTEGER,
    ended_us         INTEGER,
    ending           TEXT,
    headline         TEXT,
    validity         TEXT,
    verdict          TEXT,
    last_chunk       INTEGER NOT NULL DEFAULT 0,
    last_seq         INTEGER NOT NULL DEFAULT 0,
    UNIQUE (project_id, number),
    -- A claim whose answer was lost is repeated with the same id and must find the same run.
    UNIQUE (claim_id)
) STRICT;

-- One run at a time on an environment, whatever the queue does: two would disturb each other's numbers.
CREATE UNIQUE INDEX run_under_way ON run (environment_id) WHERE state IN ('claimed', 'running', 'finishing');
-- Claims look for the oldest waiting run; without it each claim would read all runs ever made.
CREATE INDEX run_waiting ON run (created_us, id) WHERE state = 'queued';
-- The list is paged newest first, over all projects or one; about 100 bytes a run each.
CREATE INDEX run_newest ON run (created_us, id);
CREATE INDEX run_newest_of_project ON run (project_id, created_us, id);
-- The home page counts runs by state without reading them.
CREATE INDEX run_by_state ON run (project_id, state);
-- Trends read the judged runs of one series in order; about 120 bytes a run.
CREATE INDEX run_series ON run (project_id, suite, scenario, environment_id, ended_us) WHERE verdict IS NOT NULL;

CREATE TABLE run_tag (
    tag    TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, run_id)
) STRICT, WITHOUT ROWID;

-- plan, started, progress, summary, validity, judgement.
CREATE TABLE run_document (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    kind   TEXT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (run_id, kind)
) STRICT;

CREATE TABLE run_event (
    run_id  TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at_us   INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

-- One second with its histograms. `part` tells generators apart once a run is spread over several; 0 until then.
CREATE TABLE tick (
    run_id  TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    second  INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (run_id, attempt, second, part)
) STRICT;

-- `request` is empty for all requests together. A trend finds its runs by run_series and each value by this key: the
-- series' name is not repeated in every result, which would triple the size of the largest table.
CREATE TABLE result (
    run_id  TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    request TEXT NOT NULL,
    measure TEXT NOT NULL,
    stat    TEXT NOT NULL,
    value   REAL NOT NULL,
    unit    TEXT NOT NULL,
    samples INTEGER NOT NULL,
    PRIMARY KEY (run_id, request, measure, stat)
) STRICT, WITHOUT ROWID;

-- The key comes before its run in the transaction, so the reference is checked at its end.
CREATE TABLE idempotency (
    caller     TEXT NOT NULL,
    key        TEXT NOT NULL,
    body_hash  TEXT NOT NULL,
    run_id     TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    created_us INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;

-- Keys older than a day are forgotten at every launch; without it each launch would read all keys.
CREATE INDEX idempotency_by_age ON idempotency (created_us);
