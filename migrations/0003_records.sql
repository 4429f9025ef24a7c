-- What hangs on a customer. Every row carries the customer_id; the tenant is the customer's.
--
-- Beside every phone number that an erasure masks stands <column>_ccndc: how many digits country code and national
-- destination code of the number have together. It is found when the number is written.

-- A measure: a tracked number.
CREATE TABLE measures (
    -- The measure's id: assigned, and never given again.
    measure_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer whose measure it is.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- What you call the measure.
    name TEXT NOT NULL,
    -- Where the number is advertised.
    media TEXT NOT NULL DEFAULT '',
    -- The number that calls are sent to, E.164.
    phonenr TEXT NOT NULL,
    -- How many digits of phonenr an erasure keeps: those of its country code and national destination code.
    phonenr_ccndc INTEGER NOT NULL,
    -- The tracking number that is called, E.164.
    destnr TEXT NOT NULL,
    -- How many digits of destnr an erasure keeps: those of its country code and national destination code.
    destnr_ccndc INTEGER NOT NULL,
    -- When the measure was created, UTC, YYYY-MM-DD HH:MM:SS.
    created TEXT NOT NULL,
    -- When the measure ends or has ended, UTC, YYYY-MM-DD HH:MM:SS; '' means never.
    expires TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX measures_customer ON measures (customer_id, measure_id);

-- The measures of a living customer that end or have ended, by their ends. An erasure ends all measures and empties their names:
-- it needs no room here.
CREATE INDEX measures_end ON measures (customer_id, expires) WHERE expires <> '' AND name <> '';

-- A person who may log in and see the customer's statistics.
CREATE TABLE users (
    -- The user's id: assigned, and never given again.
    user_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer whose user it is.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- The user's e-mail address.
    email TEXT NOT NULL,
    -- The user's name.
    name TEXT NOT NULL DEFAULT '',
    -- 1 if the user may change things, 0 if the user may only look.
    write_access INTEGER NOT NULL DEFAULT 0 CHECK (write_access IN (0, 1)),
    -- Which monthly report the user gets: 0 none, 1 extended, 2 short.
    receive_monthly_report INTEGER NOT NULL DEFAULT 0 CHECK (receive_monthly_report IN (0, 1, 2))
) STRICT;

CREATE INDEX users_customer ON users (customer_id, user_id);

-- A number that the customer lets through. An erasure deletes the rows, so no mask is needed.
CREATE TABLE allowed_numbers (
    -- The customer whose list it is.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- Where the number stands in the list, from 0.
    position INTEGER NOT NULL,
    -- A number that the customer lets through, E.164.
    phonenr TEXT NOT NULL,
    PRIMARY KEY (customer_id, position)
) STRICT, WITHOUT ROWID;

-- A call record.
CREATE TABLE calls (
    -- The call's id: assigned, and never given again.
    call_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer who was called.
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    -- The measure that was called: one of the same customer.
    measure_id INTEGER NOT NULL,
    -- When the call began, UTC, YYYY-MM-DD HH:MM:SS.
    start TEXT NOT NULL,
    -- How long the call lasted, in seconds.
    duration INTEGER NOT NULL DEFAULT 0 CHECK (duration >= 0),
    -- 1 if the call was answered, else 0.
    answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1)),
    -- The number of the caller, E.164; '' if it was withheld.
    anum TEXT NOT NULL DEFAULT '',
    -- How many digits of anum an erasure keeps: those of its country code and national destination code.
    anum_ccndc INTEGER NOT NULL DEFAULT 0,
    -- The tracking number that was called, E.164.
    bnum TEXT NOT NULL,
    -- How many digits of bnum an erasure keeps: those of its country code and national destination code.
    bnum_ccndc INTEGER NOT NULL,
    -- The number that the call was connected to, E.164; '' if it was not connected.
    cnum TEXT NOT NULL DEFAULT '',
    -- How many digits of cnum an erasure keeps: those of its country code and national destination code.
    cnum_ccndc INTEGER NOT NULL DEFAULT 0,
    -- Your own id of the call, unique among the customer's calls; '' if you gave none.
    external_id TEXT NOT NULL DEFAULT ''
) STRICT;

-- A customer's calls, newest first.
CREATE INDEX calls_customer ON calls (customer_id, start, call_id);

-- The calls that have an external_id, each once for its customer. It is a table and no index, because an erasure removes the
-- external_ids of a customer in their order, and so writes few pages; an index would lose them in the order of the calls.
CREATE TABLE external_ids (
    -- The customer of the call.
    customer_id INTEGER NOT NULL,
    -- Your own id of the call.
    external_id TEXT NOT NULL,
    -- The call.
    call_id INTEGER NOT NULL,
    PRIMARY KEY (customer_id, external_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER calls_with_external_id AFTER INSERT ON calls WHEN NEW.external_id <> '' BEGIN
    INSERT INTO external_ids (customer_id, external_id, call_id) VALUES (NEW.customer_id, NEW.external_id, NEW.call_id);
END;
