-- Archives of functions' code, as they were uploaded to one node and are unpacked on each. They are compressed already.
CREATE TABLE function_code (
    sha256 text COLLATE "C" PRIMARY KEY, archive bytea NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE function_code ALTER COLUMN archive SET STORAGE EXTERNAL;
