-- Orders to running load: changes of its rate, and the kill switch.
--
-- Twin of sqlite/0002_orders.sql. Costs one small row for each order and each pull of a switch.

-- Whether a person changed the rate while it ran: asked by the list and by every trend, so not hidden in a document.
ALTER TABLE run ADD COLUMN adjusted BIGINT NOT NULL DEFAULT 0;
-- The switch that ended it. No foreign key: SQLite would have to read all runs to forget a switch.
ALTER TABLE run ADD COLUMN kill_switch_id TEXT COLLATE "C";

-- Changes of the rate of a run, numbered within the attempt that they were meant for. `from_second` comes from the runner
-- once it has obeyed; until then the order is told with every answer to its worker.
CREATE TABLE run_order (
    run_id      TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    attempt     BIGINT NOT NULL,
    number      BIGINT NOT NULL,
    rate_by     DOUBLE PRECISION NOT NULL,
    asked_by    TEXT NOT NULL,
    asked_us    BIGINT NOT NULL,
    -- The caller's key, where there was one: a repeated request finds its order by it.
    caller      TEXT COLLATE "C",
    key         TEXT COLLATE "C",
    from_second BIGINT,
    PRIMARY KEY (run_id, attempt, number)
);

-- A row for each time that a switch was pulled. Without an environment it is the whole lab's.
CREATE TABLE kill_switch (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    environment_id TEXT COLLATE "C" REFERENCES environment (id),
    reason         TEXT NOT NULL,
    pulled_by      TEXT NOT NULL,
    pulled_us      BIGINT NOT NULL,
    released_by    TEXT,
    released_us    BIGINT
);

-- A switch is pulled once, however many people do it at the same moment; also what every claim and beat looks at.
CREATE UNIQUE INDEX kill_switch_pulled ON kill_switch (COALESCE(environment_id, '')) WHERE released_us IS NULL;
