-- The data that operations work on. Amounts are whole cents; instants are ISO texts, so that they sort as text.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    country TEXT NOT NULL,
    region TEXT NOT NULL,
    annual_income_cents BIGINT NOT NULL,
    role TEXT NOT NULL,
    is_premium BOOLEAN NOT NULL,
    token_version_id BIGINT NOT NULL,
    bad_logins BIGINT NOT NULL,
    locked_until_s BIGINT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    goal_id BIGINT,
    category TEXT NOT NULL,
    amount_cents BIGINT NOT NULL CHECK (amount_cents BETWEEN 1 AND 10000000),
    currency TEXT NOT NULL,
    description TEXT NOT NULL,
    merchant TEXT,
    location TEXT,
    tags TEXT,
    is_recurring BOOLEAN NOT NULL,
    confidence_score DOUBLE PRECISION,
    receipt_url TEXT,
    notes TEXT,
    spent_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT
);
