-- What the database knows of itself, so that it is noticed when it was restored. The ledger, a database of its own, has the
-- same numbers, and no restore of this database takes those back.

CREATE TABLE state (
    -- There is one row.
    state_id INTEGER PRIMARY KEY CHECK (state_id = 1),
    -- Counts what the ledger must know: every erasure, every change of what lets somebody in, and for each minute 1,000.
    sequence INTEGER NOT NULL,
    -- What sequence was after the last change of what lets somebody in: a login, or enabled and allowed_networks of a partner.
    doors_sequence INTEGER NOT NULL,
    -- No record of any kind gets an id above this one. The ledger has allotted the ids up to it to this database alone. 0 before
    -- it has.
    ids_upto INTEGER NOT NULL,
    -- How many ids of the audit trail were passed over, because other ids were allotted. The others have an entry each, here or
    -- where its partner has moved to.
    audit_skipped INTEGER NOT NULL
) STRICT;

INSERT INTO state VALUES (1, 0, 0, 0, 0);
