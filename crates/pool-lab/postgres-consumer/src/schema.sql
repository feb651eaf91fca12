CREATE TABLE IF NOT EXISTS jobs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payload    text NOT NULL,
    -- Until then no one may claim it: a consumer has a lease on it, or it is tried again later.
    visible_at timestamptz NOT NULL DEFAULT now(),
    -- How often it was claimed. What a consumer does with its claim holds only while there was no later one.
    claims     bigint NOT NULL DEFAULT 0,
    -- How often it was, or may have been, begun.
    attempts   integer NOT NULL DEFAULT 0,
    last_error text
);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (visible_at, id);
