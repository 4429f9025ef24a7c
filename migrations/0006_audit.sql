-- Who has changed what, and when: an entry for each request that changed something, written in the transaction of the
-- change. Names of fields only, never a value; entries are not removed, and an erasure is one itself.

CREATE TABLE audit (
    -- Assigned, ascending.
    audit_id INTEGER PRIMARY KEY,
    -- When, UTC, YYYY-MM-DD HH:MM:SS.
    at TEXT NOT NULL,
    -- Who: the operator, or the partner itself.
    actor TEXT NOT NULL CHECK (actor IN ('operator', 'partner')),
    -- Whose record it is.
    partner_id INTEGER NOT NULL REFERENCES partners (partner_id),
    -- What was done: create, change, remove, expire, replace, erase, new password, set up, end.
    action TEXT NOT NULL,
    -- Of what kind the record is: the table that it stands in.
    kind TEXT NOT NULL,
    -- Which record; of a list or a batch, the customer that it hangs on, and of the German rule's fields the partner.
    record_id INTEGER NOT NULL,
    -- The customer that the record is, or hangs on; 0 for none.
    customer_id INTEGER NOT NULL,
    -- JSON array of the names of the fields that were given.
    fields TEXT NOT NULL,
    -- The X-Request-Id of the request.
    request_id TEXT NOT NULL
) STRICT;
