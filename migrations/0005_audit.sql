-- Who has changed what, and when. Each request that changes something writes one entry, in the transaction of the change;
-- one that creates customers writes one for each.
-- An entry has names of fields, never a value. No entry is ever removed; an erasure has one itself.

CREATE TABLE audit (
    -- Assigned, ascending.
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- When, UTC, YYYY-MM-DD HH:MM:SS.
    at TEXT NOT NULL,
    -- Who: the operator, the partner itself, or the service.
    actor TEXT NOT NULL CHECK (actor IN ('operator', 'partner', 'service')),
    -- Whose record it is.
    partner_id INTEGER NOT NULL REFERENCES partners (partner_id),
    -- What was done: create, change, remove, expire, replace, erase, new password, set up, end.
    action TEXT NOT NULL,
    -- Of what kind the record is: the table that it stands in.
    kind TEXT NOT NULL,
    -- Which record. Of a list or a batch it is the customer that it hangs on; of the fields of the German rule, the partner.
    record_id INTEGER NOT NULL,
    -- The customer that the record is or hangs on; 0 for none.
    customer_id INTEGER NOT NULL,
    -- JSON array of the names of the fields that were given.
    fields TEXT NOT NULL,
    -- The X-Request-Id of the request.
    request_id TEXT NOT NULL
) STRICT;
