-- The customers. A row is never deleted: an erasure blanks it and leaves what statistics need.

CREATE TABLE customers (
    -- The customer's id: assigned, and never given again, not even after an erasure.
    customer_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The tenant. No query finds a customer without it.
    partner_id INTEGER NOT NULL REFERENCES partners (partner_id),
    -- The customer's UUID (version 4): assigned. An erasure keeps it.
    uuid TEXT NOT NULL,
    -- Your own number of the customer, unique among your live customers.
    custnr TEXT NOT NULL,
    -- The customer's name.
    name TEXT NOT NULL,
    -- The company's registration or VAT number.
    corporateid TEXT NOT NULL DEFAULT '',
    -- The customer's e-mail address.
    email TEXT NOT NULL DEFAULT '',
    -- Which monthly report the customer gets: 0 none, 1 extended, 2 short.
    receive_monthly_report INTEGER NOT NULL DEFAULT 0 CHECK (receive_monthly_report IN (0, 1, 2)),
    -- 1 if the customer sees the tracking number as caller id, else 0.
    freespee_caller_id INTEGER NOT NULL DEFAULT 0 CHECK (freespee_caller_id IN (0, 1)),
    -- The postal address: street and number.
    address_street TEXT NOT NULL DEFAULT '',
    -- The postal address: ZIP or postal code.
    address_zip TEXT NOT NULL DEFAULT '',
    -- The postal address: city.
    address_city TEXT NOT NULL DEFAULT '',
    -- The postal address: state or region.
    address_state TEXT NOT NULL DEFAULT '',
    -- The postal address: country.
    address_country TEXT NOT NULL DEFAULT '',
    -- The value of a custom field. An answer has those that are set up for you; only those can be sent.
    custom_1 TEXT NOT NULL DEFAULT '',
    custom_2 TEXT NOT NULL DEFAULT '',
    custom_3 TEXT NOT NULL DEFAULT '',
    custom_4 TEXT NOT NULL DEFAULT '',
    custom_5 TEXT NOT NULL DEFAULT '',
    custom_6 TEXT NOT NULL DEFAULT '',
    custom_7 TEXT NOT NULL DEFAULT '',
    custom_8 TEXT NOT NULL DEFAULT '',
    custom_9 TEXT NOT NULL DEFAULT '',
    custom_10 TEXT NOT NULL DEFAULT '',
    custom_11 TEXT NOT NULL DEFAULT '',
    custom_12 TEXT NOT NULL DEFAULT '',
    custom_13 TEXT NOT NULL DEFAULT '',
    custom_14 TEXT NOT NULL DEFAULT '',
    custom_15 TEXT NOT NULL DEFAULT '',
    custom_16 TEXT NOT NULL DEFAULT '',
    custom_17 TEXT NOT NULL DEFAULT '',
    custom_18 TEXT NOT NULL DEFAULT '',
    custom_19 TEXT NOT NULL DEFAULT '',
    custom_20 TEXT NOT NULL DEFAULT '',
    -- Counts the changes of the customer, from 1. The ETag is made of it.
    version INTEGER NOT NULL DEFAULT 1,
    -- When the customer was created, UTC, YYYY-MM-DD HH:MM:SS.
    created TEXT NOT NULL,
    -- When the customer was erased, UTC, YYYY-MM-DD HH:MM:SS; '' while it lives.
    removed_at TEXT NOT NULL DEFAULT '',
    -- How many records of each kind hang on the customer. The transaction that adds or removes one changes its count, so
    -- the total of a list costs one row.
    measures_total INTEGER NOT NULL DEFAULT 0,
    users_total INTEGER NOT NULL DEFAULT 0,
    calls_total INTEGER NOT NULL DEFAULT 0,
    -- How many of the measures never end: their expires is ''.
    measures_endless INTEGER NOT NULL DEFAULT 0,
    -- How many phone numbers stand on those measures and calls. An erasure masks them all, and its receipt has this count.
    numbers_total INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A partner's customers: first those that live, in the order of their ids, which is the list and a page of it; then the erased
-- ones, which a move to another database takes along.
CREATE INDEX customers_partner ON customers (partner_id, removed_at, customer_id);

-- One custnr for one live customer of a partner; an erasure frees it.
CREATE UNIQUE INDEX customers_custnr ON customers (partner_id, custnr) WHERE removed_at = '';

-- The Idempotency-Keys that have created something. A key is forgotten 30 days after its use. An erasure keeps it, so that
-- a late repeat of the creation does not bring the customer back.
CREATE TABLE idempotency_keys (
    -- Whose key it is.
    partner_id INTEGER NOT NULL REFERENCES partners (partner_id),
    -- HMAC of the key.
    key_hmac TEXT NOT NULL,
    -- HMAC of the parameters that came with it; '' once a customer that they tell of was erased.
    params_hmac TEXT NOT NULL,
    -- What it has created: the table of the records.
    kind TEXT NOT NULL,
    -- The customer that the records hang on. Of created customers, the first.
    customer_id INTEGER NOT NULL,
    -- JSON array of the ids of the records, in the order of the answer.
    ids TEXT NOT NULL,
    -- When it was used, UTC, YYYY-MM-DD HH:MM:SS.
    used_at TEXT NOT NULL,
    PRIMARY KEY (partner_id, key_hmac)
) STRICT, WITHOUT ROWID;

-- The keys that an erasure looks for: those that it has not blanked yet.
CREATE INDEX idempotency_keys_customer ON idempotency_keys (partner_id, kind, customer_id) WHERE params_hmac <> '';

-- The keys that are old enough to be forgotten.
CREATE INDEX idempotency_keys_used ON idempotency_keys (used_at);
