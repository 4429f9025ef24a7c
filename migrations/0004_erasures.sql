-- The receipts of erasures: what DELETE has answered, and answers again. They hold nothing personal.

CREATE TABLE erasures (
    -- The customer that was erased; one receipt each.
    customer_id INTEGER PRIMARY KEY REFERENCES customers (customer_id),
    -- How many measures were still active and were expired.
    measures_expired INTEGER NOT NULL,
    -- How many users were removed.
    users_removed INTEGER NOT NULL,
    -- How many allowed numbers were removed.
    allowed_numbers_removed INTEGER NOT NULL,
    -- How many phone numbers on measures and calls were masked.
    phone_numbers_masked INTEGER NOT NULL
) STRICT;
