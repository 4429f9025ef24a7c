-- What hangs on a customer. Every row carries the customer_id; the tenant is the customer's.
--
-- Beside every phone number that an erasure masks stands <column>_ccndc: how many digits country code and national
-- destination code of the number have together. It is found when the number is written.

-- A measure: a tracked number.
CREATE TABLE measures (
    -- Assigned.
    measure_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer whose measure it is.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- What the partner calls it.
    name TEXT NOT NULL,
    -- Where it is advertised.
    media TEXT NOT NULL DEFAULT '',
    -- Where calls are sent, E.164.
    phonenr TEXT NOT NULL,
    phonenr_ccndc INTEGER NOT NULL,
    -- The tracking number that is called, E.164.
    destnr TEXT NOT NULL,
    destnr_ccndc INTEGER NOT NULL,
    -- When it was created, UTC, YYYY-MM-DD HH:MM:SS.
    created TEXT NOT NULL,
    -- When it ends or has ended, in the same form; '' means never.
    expires TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX measures_customer ON measures (customer_id, measure_id);

-- A person who may log in and see the customer's statistics.
CREATE TABLE users (
    -- Assigned.
    user_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer whose user it is.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- The user's e-mail address.
    email TEXT NOT NULL,
    -- The user's name.
    name TEXT NOT NULL DEFAULT '',
    -- 1 when the user may change things.
    write_access INTEGER NOT NULL DEFAULT 0 CHECK (write_access IN (0, 1)),
    -- 0 no monthly report, 1 extended, 2 short.
    receive_monthly_report INTEGER NOT NULL DEFAULT 0 CHECK (receive_monthly_report IN (0, 1, 2))
) STRICT;

CREATE INDEX users_customer ON users (customer_id, user_id);

-- A number that the customer lets through. An erasure deletes the rows, so no mask is needed.
CREATE TABLE allowed_numbers (
    -- The customer whose list it is.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- Where it stands in the list, from 0.
    position INTEGER NOT NULL,
    -- The number, E.164.
    phonenr TEXT NOT NULL,
    PRIMARY KEY (customer_id, position)
) STRICT, WITHOUT ROWID;

-- A call record.
CREATE TABLE calls (
    -- Assigned.
    call_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer who was called.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- The measure that was called, one of the same customer. The creation sees to that.
    measure_id INTEGER NOT NULL,
    -- When the call began, UTC, YYYY-MM-DD HH:MM:SS.
    start TEXT NOT NULL,
    -- How long it lasted, in seconds.
    duration INTEGER NOT NULL DEFAULT 0 CHECK (duration >= 0),
    -- 1 when it was answered.
    answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
    -- Who called, E.164, or '' when withheld.
    anum TEXT NOT NULL DEFAULT '',
    anum_ccndc INTEGER NOT NULL DEFAULT 0,
    -- The tracking number that was called, E.164.
    bnum TEXT NOT NULL,
    bnum_ccndc INTEGER NOT NULL,
    -- Where the call was connected, E.164, or '' when it was not.
    cnum TEXT NOT NULL DEFAULT '',
    cnum_ccndc INTEGER NOT NULL DEFAULT 0,
    -- The partner's own id of the call, unique among the customer's calls; '' when it has none.
    external_id TEXT NOT NULL DEFAULT ''
) STRICT;

-- A customer's calls, newest first.
CREATE INDEX calls_customer ON calls (customer_id, start, call_id);

-- One call of a customer for one external_id.
CREATE UNIQUE INDEX calls_external_id ON calls (customer_id, external_id) WHERE external_id <> '';
