-- The first schema: projects, environments, suites, runs with everything that happens to them, results.
--
-- Twin of sqlite/0001_first_light.sql: same tables, columns and indexes, so that one SQL text serves both.
-- Ids are UUIDs as text, times are microseconds since the epoch, documents are JSON text, histograms are bytes.
-- Names and ids compare byte by byte (COLLATE "C"), else lists would be ordered differently on the two databases.

-- What the lab knows of itself, e.g. which version wrote the schema: an older binary names it when it refuses to start.
CREATE TABLE lab (
    key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE project (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name        TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Number of its newest run: counted here, so that numbers have no gaps and two launches never get the same one.
    last_number BIGINT NOT NULL DEFAULT 0,
    created_us  BIGINT NOT NULL
);

CREATE TABLE environment (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    name       TEXT COLLATE "C" NOT NULL,
    document   TEXT NOT NULL,
    changed_us BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE suite_version (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    name       TEXT COLLATE "C" NOT NULL,
    sha256     TEXT COLLATE "C" NOT NULL,
    text       TEXT NOT NULL,
    -- When the text became the newest of its suite; an old text that comes back is not kept twice.
    newest_us  BIGINT NOT NULL,
    UNIQUE (project_id, name, sha256)
);

-- Test data is the same in most versions of a suite: kept once by its hash.
CREATE TABLE file (
    sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    body   BYTEA NOT NULL
);

CREATE TABLE suite_file (
    suite_version_id TEXT COLLATE "C" NOT NULL REFERENCES suite_version (id) ON DELETE CASCADE,
    name             TEXT COLLATE "C" NOT NULL,
    sha256           TEXT COLLATE "C" NOT NULL REFERENCES file (sha256),
    PRIMARY KEY (suite_version_id, name)
);

-- No foreign key leads here: a worker's row may be forgotten long before its runs are.
CREATE TABLE worker (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    host       TEXT NOT NULL,
    class      TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    seen_us    BIGINT NOT NULL,
    beat       BIGINT NOT NULL DEFAULT 0
);

-- Small columns only: the row is written at every beat and every second of the run. Documents are in run_document.
CREATE TABLE run (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id       TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    number           BIGINT NOT NULL,
    environment_id   TEXT COLLATE "C" NOT NULL REFERENCES environment (id),
    suite_version_id TEXT COLLATE "C" NOT NULL REFERENCES suite_version (id),
    suite            TEXT COLLATE "C" NOT NULL,
    scenario         TEXT COLLATE "C" NOT NULL,
    state            TEXT COLLATE "C" NOT NULL CHECK (state IN
        ('queued', 'claimed', 'running', 'finishing', 'finished', 'failed', 'cancelled', 'lost')),
    attempt          BIGINT NOT NULL DEFAULT 0,
    worker_id        TEXT COLLATE "C",
    claim_id         TEXT COLLATE "C",
    lease_beat       BIGINT NOT NULL DEFAULT 0,
    cancel           TEXT CHECK (cancel IN ('stop', 'abort')),
    asked_by         TEXT NOT NULL,
    revision_commit  TEXT,
    revision_branch  TEXT,
    tags             TEXT NOT NULL,
    -- Lower-case words that the list is searched by.
    search           TEXT NOT NULL,
    load             TEXT NOT NULL,
    planned_seconds  DOUBLE PRECISION NOT NULL,
    created_us       BIGINT NOT NULL,
    started_us       BIGINT,
    ended_us         BIGINT,
    ending           TEXT,
    headline         TEXT,
    validity         TEXT,
    verdict          TEXT,
    last_chunk       BIGINT NOT NULL DEFAULT 0,
    last_seq         BIGINT NOT NULL DEFAULT 0,
    UNIQUE (project_id, number),
    -- A claim whose answer was lost is repeated with the same id and must find the same run.
    UNIQUE (claim_id)
);

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
    tag    TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, run_id)
);

-- plan, started, progress, summary, validity, judgement.
CREATE TABLE run_document (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    kind   TEXT COLLATE "C" NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (run_id, kind)
);

CREATE TABLE run_event (
    run_id  TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq     BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    at_us   BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    body    TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- One second with its histograms. `part` tells generators apart once a run is spread over several; 0 until then.
CREATE TABLE tick (
    run_id  TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    attempt BIGINT NOT NULL,
    second  BIGINT NOT NULL,
    part    BIGINT NOT NULL,
    body    BYTEA NOT NULL,
    PRIMARY KEY (run_id, attempt, second, part)
);

-- `request` is empty for all requests together. A trend finds its runs by run_series and each value by this key: the
-- series' name is not repeated in every result, which would triple the size of the largest table.
CREATE TABLE result (
    run_id  TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    request TEXT COLLATE "C" NOT NULL,
    measure TEXT COLLATE "C" NOT NULL,
    stat    TEXT COLLATE "C" NOT NULL,
    value   DOUBLE PRECISION NOT NULL,
    unit    TEXT NOT NULL,
    samples BIGINT NOT NULL,
    PRIMARY KEY (run_id, request, measure, stat)
);

-- The key comes before its run in the transaction, so the reference is checked at its end.
CREATE TABLE idempotency (
    caller     TEXT COLLATE "C" NOT NULL,
    key        TEXT COLLATE "C" NOT NULL,
    body_hash  TEXT NOT NULL,
    run_id     TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);

-- Keys older than a day are forgotten at every launch; without it each launch would read all keys.
CREATE INDEX idempotency_by_age ON idempotency (created_us);
