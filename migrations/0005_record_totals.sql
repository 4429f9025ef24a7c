-- How many records of each kind hang on a customer. Changed in the transaction that adds or removes one, so that the
-- total of a list costs one row.

ALTER TABLE customers ADD COLUMN measures_total INTEGER NOT NULL DEFAULT 0 CHECK (measures_total >= 0);
ALTER TABLE customers ADD COLUMN users_total INTEGER NOT NULL DEFAULT 0 CHECK (users_total >= 0);
ALTER TABLE customers ADD COLUMN calls_total INTEGER NOT NULL DEFAULT 0 CHECK (calls_total >= 0);

UPDATE customers SET
    measures_total = (SELECT COUNT(*) FROM measures WHERE measures.customer_id = customers.customer_id),
    users_total = (SELECT COUNT(*) FROM users WHERE users.customer_id = customers.customer_id),
    calls_total = (SELECT COUNT(*) FROM calls WHERE calls.customer_id = customers.customer_id);
