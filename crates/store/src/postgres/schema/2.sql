-- Archives of functions' code, as they were uploaded to one node and are unpacked on each. They are compressed already.
CREATE TABLE function_code (
    sha256 text COLLATE "C" PRIMARY KEY, archive bytea NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE function_code ALTER COLUMN archive SET STORAGE EXTERNAL;

-- Sessions of the console, and links, which have no csrf_token.
CREATE TABLE console_token (
    digest bytea PRIMARY KEY, access_key_id text NOT NULL, csrf_token text, expires bigint NOT NULL, ends bigint NOT NULL
);

-- Where a node has the buckets of throttles: its own, shared, or its share of those that are out of reach.
ALTER TABLE node ADD COLUMN buckets text NOT NULL DEFAULT 'own';
