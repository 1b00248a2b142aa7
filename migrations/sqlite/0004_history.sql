-- History that can be trusted: what a run may be compared with, findings of its comparisons and histories, repeats.
-- Costs a few columns of each run and a row for each of its cases; findings are few.
--
-- Twin of postgres/0004_history.sql.

-- Workers whose numbers may be compared. Kept with the run, since a worker's row is forgotten long before its runs are.
ALTER TABLE run ADD COLUMN worker_class TEXT;
-- Where the revision left the baseline branch, and whether something in it was not committed.
ALTER TABLE run ADD COLUMN revision_merge_base TEXT;
ALTER TABLE run ADD COLUMN revision_dirty INTEGER NOT NULL DEFAULT 0;
-- The run that it was made to decide. No foreign key: SQLite would have to read all runs to forget one.
ALTER TABLE run ADD COLUMN repeat_of TEXT;
-- A person's word that no other run is to be compared with it.
ALTER TABLE run ADD COLUMN rejected TEXT;
-- Whether its histories are still to be looked at, and repeats to be made: set with its end, cleared in the transaction
-- that writes what was found.
ALTER TABLE run ADD COLUMN to_follow INTEGER NOT NULL DEFAULT 0;
-- The keeper looks every two seconds.
CREATE INDEX run_to_follow ON run (ended_us, id) WHERE to_follow = 1;
-- Repeats of a run, for its page and for the limit of their number.
CREATE INDEX run_repeat ON run (repeat_of) WHERE repeat_of IS NOT NULL;
-- How often what was found in its histories was written: of two who looked at the same state only one is heard.
ALTER TABLE environment ADD COLUMN followed INTEGER NOT NULL DEFAULT 0;

-- What a run did, by hash: the whole run under an empty name, or each case of a benchmark suite. Runs are compared, and are
-- one history, as long as it is the same.
CREATE TABLE run_family (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    family TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

-- The run that a person wants a scenario compared with on an environment.
CREATE TABLE pinned_baseline (
    project_id     TEXT NOT NULL REFERENCES project (id),
    suite          TEXT NOT NULL,
    scenario       TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    run_id         TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    reason         TEXT NOT NULL,
    pinned_by      TEXT NOT NULL,
    pinned_us      INTEGER NOT NULL,
    PRIMARY KEY (project_id, suite, scenario, environment_id)
) STRICT, WITHOUT ROWID;

-- A level that moved, told once. The first columns are the series: one number of one request or case (empty: all
-- together) under one scenario, on one environment, by one class of workers, along one branch (empty: runs that name none).
CREATE TABLE finding (
    id             TEXT NOT NULL PRIMARY KEY,
    project_id     TEXT NOT NULL REFERENCES project (id),
    suite          TEXT NOT NULL,
    scenario       TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environment (id),
    worker_class   TEXT NOT NULL,
    branch         TEXT NOT NULL,
    request        TEXT NOT NULL,
    measure        TEXT NOT NULL,
    stat           TEXT NOT NULL,
    unit           TEXT NOT NULL,
    better         TEXT NOT NULL CHECK (better IN ('lower', 'higher')),
    -- Seen when a run was compared with its baseline, or in the history as a step or a drift.
    kind           TEXT NOT NULL CHECK (kind IN ('arrival', 'step', 'drift')),
    state          TEXT NOT NULL CHECK (state IN
        ('new', 'acknowledged', 'in_progress', 'fixed', 'wont_fix', 'false_alarm', 'faded')),
    -- Nothing of an improvement.
    band           TEXT CHECK (band IN ('small', 'minor', 'significant', 'critical')),
    worse          INTEGER NOT NULL,
    -- The first run of the new level, and the first and last that may be it as well.
    first_run_id   TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    from_run_id    TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    to_run_id      TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    -- The newest run before that range: what was there is in the old level.
    good_run_id    TEXT REFERENCES run (id) ON DELETE CASCADE,
    level_before   REAL NOT NULL,
    level_after    REAL NOT NULL,
    -- As a share of the level before.
    shift          REAL NOT NULL,
    -- Of comparisons q, of steps p; drifts have none.
    evidence       REAL,
    -- Looks at the history in a row that did not show it.
    unsupported    INTEGER NOT NULL DEFAULT 0,
    -- Whether its state is a person's word, which the lab never takes back.
    closed_by      TEXT,
    assignee       TEXT,
    url            TEXT,
    due_us         INTEGER,
    created_us     INTEGER NOT NULL,
    changed_us     INTEGER NOT NULL,
    UNIQUE (project_id, suite, scenario, environment_id, worker_class, branch, request, measure, stat, first_run_id)
) STRICT;

-- The inbox is paged, newest first.
CREATE INDEX finding_newest ON finding (created_us, id);
-- A run's page, and the culprit card, look by run.
CREATE INDEX finding_first_run ON finding (first_run_id);

-- Runs in which a finding showed: whether a Critical run may still be a baseline depends on what became of its findings.
CREATE TABLE finding_run (
    run_id     TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    finding_id TEXT NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
    PRIMARY KEY (run_id, finding_id)
) STRICT, WITHOUT ROWID;
-- Forgetting a finding forgets its rows here.
CREATE INDEX finding_run_by_finding ON finding_run (finding_id);

-- What people said of a finding, and what was done with it, in order.
CREATE TABLE finding_note (
    finding_id TEXT NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    at_us      INTEGER NOT NULL,
    said_by    TEXT NOT NULL,
    text       TEXT NOT NULL,
    PRIMARY KEY (finding_id, number)
) STRICT, WITHOUT ROWID;
