-- Who may call, and what is set up for them. Nothing here belongs to a customer.
--
-- Every id is AUTOINCREMENT: SQLite then never gives an id a second time, not even one whose row is gone.

-- The directory: every partner, what lets it in, and where it lives. It is in the database DB alone, and empty in others.
CREATE TABLE directory (
    -- Assigned. The tenant in every query of the partner API.
    partner_id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The partner's user name: [A-Za-z0-9._-], 1 to 45 characters. It is also the user name of the partner's own login.
    username TEXT NOT NULL UNIQUE,
    -- The partner's home: the database that has its customers, by the name of its binding.
    database TEXT NOT NULL,
    -- The passage of the move that has brought the partner there; 0 if it has never moved.
    passage INTEGER NOT NULL DEFAULT 0,
    -- JSON array of CIDR networks that the partner may call from; [] lets it call from anywhere.
    allowed_networks TEXT NOT NULL DEFAULT '[]',
    -- 0 shuts the partner out: each of its requests is a 403.
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    -- When the partner was let in, UTC, YYYY-MM-DD HH:MM:SS.
    created TEXT NOT NULL
) STRICT;

-- What a partner authenticates with. Each partner has a login of its own, with the partner's user name, and may have more.
-- The logins stand beside the directory.
CREATE TABLE logins (
    -- The login's user name: [A-Za-z0-9._-], 1 to 45 characters. No two logins have the same, whichever partners they
    -- belong to.
    username TEXT PRIMARY KEY,
    -- The partner that the login belongs to.
    partner_id INTEGER NOT NULL REFERENCES directory (partner_id),
    -- 'write' may do everything, 'read' only GET, HEAD and OPTIONS. The partner's own login may write.
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    -- HA1 = SHA-256(username:realm:password), sealed with AES-256-GCM under the secret HA1_KEY:
    -- hex of nonce, ciphertext and tag. The password itself is kept nowhere.
    ha1_sealed TEXT NOT NULL,
    -- The same of the password before, or '' when that one ended at once.
    ha1_previous_sealed TEXT NOT NULL DEFAULT '',
    -- Until when the password before is good too, UTC, YYYY-MM-DD HH:MM:SS; '' if it has ended at once.
    previous_until TEXT NOT NULL DEFAULT '',
    -- When the login was added, UTC, YYYY-MM-DD HH:MM:SS.
    created TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The logins of a partner.
CREATE INDEX logins_partner ON logins (partner_id);

-- A partner is the tenant: an agency or a reseller that keeps its customers here. The row stands in the partner's home.
CREATE TABLE partners (
    -- As in the directory.
    partner_id INTEGER PRIMARY KEY,
    -- As in the directory.
    username TEXT NOT NULL UNIQUE,
    -- The partner's name, for the operator's eyes.
    name TEXT NOT NULL DEFAULT '',
    -- ISO 3166-1 alpha-2, or '' when unknown. DE puts the German rule in force.
    country TEXT NOT NULL DEFAULT '',
    -- The transaction that creates or erases a customer changes this count, so the total of a list costs one row. No CHECK
    -- holds it above 0: a wrong count must never forbid an erasure.

    -- How many live customers the partner has.
    customers INTEGER NOT NULL DEFAULT 0,
    -- What this database does for the partner: 'all', or while it moves to or from another 'reads' or 'nothing'. Every batch
    -- of the partner asks, so a node that has not heard of a move changes nothing in the wrong place.
    serves TEXT NOT NULL DEFAULT 'all' CHECK (serves IN ('all', 'reads', 'nothing')),
    -- The passage of the move that has brought the partner here, or takes it away; 0 if it has never moved. What a run of an
    -- earlier passage still sends does nothing.
    passage INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The partners that move at present.
CREATE INDEX partners_moving ON partners (serves) WHERE serves <> 'all';

-- The partners that have moved away, and whose rows remain to be deleted here. A row is there until the last is deleted.
CREATE TABLE leavings (
    -- The partner.
    partner_id INTEGER PRIMARY KEY
) STRICT;

-- The custom fields that are set up for a partner. Without a row here, custom_n is an unknown parameter.
CREATE TABLE custom_fields (
    -- The partner that the field is set up for.
    partner_id INTEGER NOT NULL REFERENCES partners (partner_id),
    -- The n of custom_n.
    n INTEGER NOT NULL CHECK (n BETWEEN 1 AND 20),
    -- What is kept in it, such as "Street".
    label TEXT NOT NULL DEFAULT '',
    -- The most characters that a value may have.
    max_length INTEGER NOT NULL DEFAULT 255 CHECK (max_length BETWEEN 1 AND 255),
    -- 1 when a customer cannot be created without it, nor the value emptied.
    required INTEGER NOT NULL DEFAULT 0 CHECK (required IN (0, 1)),
    PRIMARY KEY (partner_id, n)
) STRICT, WITHOUT ROWID;
