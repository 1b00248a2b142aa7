-- Capacity searches: a series of runs of one scenario at rising load. Costs a column of the list's table and one index over
-- the runs of searches alone.
--
-- Twin of postgres/0003_capacity.sql.

CREATE TABLE capacity_search (
    id               TEXT NOT NULL PRIMARY KEY,
    project_id       TEXT NOT NULL REFERENCES project (id),
    environment_id   TEXT NOT NULL REFERENCES environment (id),
    -- All levels use the version that was the newest when the search began: levels of two versions say nothing together.
    suite_version_id TEXT NOT NULL REFERENCES suite_version (id),
    state            TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped', 'failed')),
    request          TEXT NOT NULL,
    -- The environment and the rules as they were: a target that moves in between would be two targets in one curve.
    frozen           TEXT NOT NULL,
    -- How many runs it has made. Each next one raises it from the number that its maker had seen, so that of two makers
    -- only one is heard.
    runs             INTEGER NOT NULL DEFAULT 0,
    stop_asked_us    INTEGER,
    created_us       INTEGER NOT NULL,
    ended_us         INTEGER,
    conclusion       TEXT,
    caller           TEXT,
    key              TEXT,
    body_hash        TEXT,
    UNIQUE (caller, key)
) STRICT;

-- The list is paged newest first.
CREATE INDEX capacity_search_newest ON capacity_search (created_us, id);
-- The keeper looks every two seconds for searches that wait for their next run.
CREATE INDEX capacity_search_running ON capacity_search (id) WHERE state = 'running';

CREATE TABLE capacity_level (
    search_id TEXT NOT NULL REFERENCES capacity_search (id) ON DELETE CASCADE,
    step      INTEGER NOT NULL,
    level     REAL NOT NULL,
    run_id    TEXT NOT NULL UNIQUE REFERENCES run (id) ON DELETE CASCADE,
    -- What its run said of the level: kept when it has ended, with the histogram that slowdowns are computed from.
    measured  TEXT,
    PRIMARY KEY (search_id, step)
) STRICT, WITHOUT ROWID;

-- Runs of a search are marked in the list and stay out of trends and of an environment's newest verdict. No foreign key:
-- SQLite would have to read all runs to forget a search.
ALTER TABLE run ADD COLUMN search_id TEXT;
