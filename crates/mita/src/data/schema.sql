-- The target's own data. Amounts are whole cents; days are ISO dates, so that they sort as text.
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    country TEXT NOT NULL,
    region TEXT NOT NULL,
    timezone TEXT NOT NULL,
    annual_income_cents INTEGER NOT NULL,
    fixed_cents INTEGER NOT NULL,
    saving_cents INTEGER NOT NULL,
    role TEXT NOT NULL DEFAULT 'user',
    is_premium INTEGER NOT NULL DEFAULT 0,
    is_load_user INTEGER NOT NULL DEFAULT 0,
    bad_logins INTEGER NOT NULL DEFAULT 0,
    locked_until_s INTEGER NOT NULL DEFAULT 0,
    created_at_us INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS expense (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    amount_cents INTEGER NOT NULL,
    category TEXT NOT NULL,
    description TEXT NOT NULL,
    payment_method TEXT,
    source TEXT,
    spent_on TEXT NOT NULL,
    created_at_us INTEGER NOT NULL
);
-- Every list and sum is one user's, newest first; the amount and category make the sums index-only.
CREATE INDEX IF NOT EXISTS expense_by_user_day ON expense (user_id, spent_on, id, category, amount_cents);

CREATE TABLE IF NOT EXISTS goal (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    target_cents INTEGER NOT NULL,
    saved_cents INTEGER NOT NULL,
    due_on TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS goal_by_user ON goal (user_id);

CREATE TABLE IF NOT EXISTS revoked_token (
    jti TEXT PRIMARY KEY,
    expires_at_s INTEGER NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
