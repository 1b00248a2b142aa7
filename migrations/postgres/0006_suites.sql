-- Texts of suites on their way to a version: what a person has typed or brought is kept, so that an error loses nothing.
--
-- Twin of sqlite/0006_suites.sql.

CREATE TABLE suite_draft (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    project_id TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    text       TEXT NOT NULL,
    -- Names and texts of the files beside it, as JSON.
    files      TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);

-- Old drafts are forgotten whenever one is kept.
CREATE INDEX suite_draft_by_age ON suite_draft (changed_us);
