-- Where a node has the buckets of throttles: its own, shared, or its share of those that are out of reach.
ALTER TABLE node ADD COLUMN buckets text NOT NULL DEFAULT 'own';
