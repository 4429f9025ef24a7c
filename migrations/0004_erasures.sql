-- The receipts of erasures: what DELETE has answered, and answers again. They hold nothing personal. The signed ones stand in
-- the ledger alone, so that an erasure needs little room here. Beside them stands the work that one transaction would be too
-- long for, and that the service does in steps.

CREATE TABLE erasures (
    -- The customer that was erased; one receipt each.
    customer_id INTEGER PRIMARY KEY REFERENCES customers (customer_id),
    -- When the last phone number was masked, UTC, YYYY-MM-DD HH:MM:SS; '' while calls remain to be masked.
    completed_at TEXT NOT NULL,
    -- How many measures were active and were expired.
    measures_expired INTEGER NOT NULL,
    -- How many users were removed.
    users_removed INTEGER NOT NULL,
    -- How many allowed numbers were removed.
    allowed_numbers_removed INTEGER NOT NULL,
    -- How many phone numbers on measures and calls are masked, those that remain to be masked included.
    phone_numbers_masked INTEGER NOT NULL,
    -- What state.sequence was after the erasure.
    sequence INTEGER NOT NULL DEFAULT 0,
    -- Until when a backup of the database can still show what was erased, UTC, YYYY-MM-DD HH:MM:SS; '' until the last phone
    -- number is masked.
    backups_until TEXT NOT NULL DEFAULT '',
    -- When the customer was erased once more, because a restore of the database had brought it back, UTC, YYYY-MM-DD
    -- HH:MM:SS; '' if none has.
    reerased_at TEXT NOT NULL DEFAULT '',
    -- 1 when the ledger has the erasure as this row tells it.
    recorded INTEGER NOT NULL DEFAULT 0 CHECK (recorded IN (0, 1))
) STRICT;

-- What the ledger does not have yet.
CREATE INDEX erasures_outbox ON erasures (customer_id) WHERE recorded = 0;

-- The erased customers whose calls remain to be masked, or Idempotency-Keys to be blanked. A row is there until the last is.
CREATE TABLE maskings (
    -- Assigned, ascending: the oldest is first.
    masking_id INTEGER PRIMARY KEY,
    -- The customer that was erased.
    customer_id INTEGER NOT NULL REFERENCES erasures (customer_id),
    -- The last call that is masked, in the order of start and call_id; '' and 0 before the first, '~' if none remained.
    start TEXT NOT NULL DEFAULT '',
    call_id INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The custom fields that are ended and whose values remain to be removed. A row is there until the last value is removed.
-- Until then the field cannot be set up again, so no old value comes back.
CREATE TABLE endings (
    -- Assigned, ascending: the oldest is first.
    ending_id INTEGER PRIMARY KEY,
    -- The partner that the field was set up for.
    partner_id INTEGER NOT NULL REFERENCES partners (partner_id),
    -- The n of custom_n.
    n INTEGER NOT NULL CHECK (n BETWEEN 1 AND 20),
    -- No customer with an id up to this one has a value any more.
    emptied_to INTEGER NOT NULL DEFAULT 0,
    UNIQUE (partner_id, n)
) STRICT;
