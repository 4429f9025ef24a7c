-- Who has changed what, and when. Each request that changes something writes one entry, in the transaction of the change;
-- one that creates customers writes one for each.
-- An entry has names of fields, never a value. No entry is ever removed, but a partner that moves to another database takes
-- those of its records along; an erasure has one itself. An entry about the partner itself, or about a login, stays where it was
-- written; of what the directory has, that is the database DB.

CREATE TABLE audit (
    -- The entry's id: assigned, ascending.
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- When it was done, UTC, YYYY-MM-DD HH:MM:SS. A later entry has no earlier time.
    at TEXT NOT NULL,
    -- Who: the operator, the partner itself, or the service.
    actor TEXT NOT NULL CHECK (actor IN ('operator', 'partner', 'service')),
    -- Whose record it is.
    partner_id INTEGER NOT NULL,
    -- The user name of the partner's login that did it. In the operator's entry about a login, that login. Else ''.
    login TEXT NOT NULL,
    -- What was done: create, change, remove, expire, replace, erase, new password, set up, end.
    action TEXT NOT NULL,
    -- What kind of record it is: customers, measures, users, allowed_numbers, calls, custom_fields, partners or logins.
    kind TEXT NOT NULL,
    -- The id of the record. Of a list or a batch it is the id of the customer; of a login or of the fields of the German
    -- rule, that of the partner; of another custom field, its n.
    record_id INTEGER NOT NULL,
    -- The customer that the record is or hangs on; 0 for none.
    customer_id INTEGER NOT NULL,
    -- The names of the fields that were given.
    fields TEXT NOT NULL,
    -- The X-Request-Id of the request.
    request_id TEXT NOT NULL
) STRICT;

-- The entries of a partner: what has changed since, and the operator's filter.
CREATE INDEX audit_partner ON audit (partner_id, audit_id);

-- The entries of a customer.
CREATE INDEX audit_customer ON audit (customer_id, audit_id);
