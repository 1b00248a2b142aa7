-- Texts of suites on their way to a version: what a person has typed or brought is kept, so that an error loses nothing.
--
-- Twin of postgres/0006_suites.sql.

CREATE TABLE suite_draft (
    id         TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id),
    text       TEXT NOT NULL,
    -- Names and texts of the files beside it, as JSON.
    files      TEXT NOT NULL,
    changed_us INTEGER NOT NULL
) STRICT;

-- Old drafts are forgotten whenever one is kept.
CREATE INDEX suite_draft_by_age ON suite_draft (changed_us);
