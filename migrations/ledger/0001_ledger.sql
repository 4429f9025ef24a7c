-- The ledger: what has to outlive every restore of the customers' database. It is a database of its own, so its history is not
-- that one's. It holds nothing personal of a customer.

-- The erasures. A row is here before the erasure is answered, and is never removed.
CREATE TABLE erasures (
    -- Assigned, ascending.
    erasure_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The database that the customer was in, by the name of its binding.
    database TEXT NOT NULL,
    -- How far that database had come (heads.sequence) when it had erased the customer.
    sequence INTEGER NOT NULL,
    -- The partner that the customer belonged to.
    partner_id INTEGER NOT NULL,
    -- The partner's user name.
    username TEXT NOT NULL,
    -- The customer's id.
    customer_id INTEGER NOT NULL,
    -- The customer's UUID. What is done again after a restore is done to whom has it, never by the id alone.
    uuid TEXT NOT NULL UNIQUE,
    -- When the customer was erased, UTC, YYYY-MM-DD HH:MM:SS.
    removed_at TEXT NOT NULL,
    -- When the last phone number was masked, in the same form; '' while calls remain to be masked.
    completed_at TEXT NOT NULL,
    -- The counts of the receipt.
    measures_expired INTEGER NOT NULL,
    users_removed INTEGER NOT NULL,
    allowed_numbers_removed INTEGER NOT NULL,
    phone_numbers_masked INTEGER NOT NULL,
    -- Until when the history of the customers' database can still show what was erased, in the same form.
    backups_until TEXT NOT NULL,
    -- When the customer was erased once more after a restore, in the same form; '' if it never was.
    reerased_at TEXT NOT NULL DEFAULT '',
    -- The receipt, signed by the service, as a compact JWS; '' in a dry run.
    jws TEXT NOT NULL,
    -- 0 while the receipt must be signed anew, because the erasure was done again or has ended later.
    is_signed INTEGER NOT NULL DEFAULT 1 CHECK (is_signed IN (0, 1))
) STRICT;

-- The erasures of a database in the order in which they are done again.
CREATE INDEX erasures_database ON erasures (database, sequence, erasure_id);

-- The erasures in the order of time.
CREATE INDEX erasures_removed ON erasures (removed_at, erasure_id);

-- How far each database has come. One that is behind was restored.
CREATE TABLE heads (
    -- The database, by the name of its binding.
    database TEXT PRIMARY KEY,
    -- The highest state.sequence that was heard of.
    sequence INTEGER NOT NULL,
    -- The ids that are allotted to the database: those above ids_from, up to ids_upto. No id is allotted to two databases, and
    -- none twice.
    ids_from INTEGER NOT NULL,
    ids_upto INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What lets somebody in, as it was last changed: a restore must not bring back a replaced password, an ended login or a
-- disabled partner.
CREATE TABLE doors (
    -- The login's user name.
    username TEXT PRIMARY KEY,
    -- What the database with the directory had counted (its state.sequence) when this was so.
    sequence INTEGER NOT NULL,
    -- The partner that the login belongs to, and the partner's user name.
    partner_id INTEGER NOT NULL,
    partner TEXT NOT NULL,
    -- The partner's home, the passage that has brought it there, whether it may call, and from where: as in directory.
    home TEXT NOT NULL,
    passage INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    allowed_networks TEXT NOT NULL,
    -- The rest as in logins. HA1s are sealed.
    access TEXT NOT NULL,
    ha1_sealed TEXT NOT NULL,
    ha1_previous_sealed TEXT NOT NULL,
    previous_until TEXT NOT NULL,
    created TEXT NOT NULL,
    -- 1 when the login was ended.
    ended INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The logins in the order in which they were changed.
CREATE INDEX doors_sequence ON doors (sequence, username);

-- The logins of a partner.
CREATE INDEX doors_partner ON doors (partner_id);

-- Every public key that has ever signed a receipt.
CREATE TABLE keys (
    -- The key's name in the header of a signature.
    kid TEXT PRIMARY KEY,
    -- The public key as a JSON Web Key.
    jwk TEXT NOT NULL,
    -- When it first signed, UTC, YYYY-MM-DD HH:MM:SS.
    added_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The moves of partners from one database to another.
CREATE TABLE moves (
    -- Assigned, ascending.
    move_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The partner, and its user name.
    partner_id INTEGER NOT NULL,
    username TEXT NOT NULL,
    -- Where it comes from, and where it goes: databases, by the names of their bindings.
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    -- How far it is: draining, counting, clearing, copying, comparing, flipping, opening, deleting, complete; returning and
    -- abandoned when it was turned back, or when a restore has taken the partner from the source. Until it is opening, and when
    -- it is returning, the source is the partner's home.
    phase TEXT NOT NULL,
    -- Counts the steps. A runner advances the move only from the step that it has seen.
    step INTEGER NOT NULL DEFAULT 0,
    -- Which passage of the partner it is: ascending, and a new one each time that the move begins anew.
    passage INTEGER NOT NULL,
    -- The part that is copied or compared, and the last place in it: a JSON array; '' at the beginning.
    part TEXT NOT NULL DEFAULT '',
    place TEXT NOT NULL DEFAULT '',
    -- SHA-256 of what was compared of the part, in hex, and the number of its rows.
    hash TEXT NOT NULL DEFAULT '',
    rows INTEGER NOT NULL DEFAULT 0,
    -- What was compared: a JSON array of objects with table, rows and sha256.
    tables TEXT NOT NULL DEFAULT '[]',
    -- How many customers, measures, users and calls the partner has, and how many of them the phase has done.
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    -- How often it has begun anew: after a restore, or because both sides differed.
    began_anew INTEGER NOT NULL DEFAULT 0,
    -- When it began, and when it was last advanced or had its turn to be, UTC, YYYY-MM-DD HH:MM:SS.
    started_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT;

-- One move of a partner at a time.
CREATE UNIQUE INDEX moves_unfinished ON moves (partner_id) WHERE phase NOT IN ('complete', 'abandoned');

-- The moves of a partner.
CREATE INDEX moves_partner ON moves (partner_id, passage);
