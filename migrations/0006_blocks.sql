-- How many rows stand in each range of a list. A page finds its first row by them, and skips at most one range.

CREATE TABLE blocks (
    -- Of which list it is: the table of its rows.
    kind TEXT NOT NULL,
    -- Whose list it is: the partner's of customers, the customer's of measures, users and calls; 0 for the directory.
    owner_id INTEGER NOT NULL,
    -- Where the block begins, in ascending order of start and id. It ends where the next one begins. Of calls it is the
    -- start of a call, or '' for the first block; of other lists it is ''.
    start TEXT NOT NULL DEFAULT '',
    -- The id of the row that stood there when the block was made, or 0 for the first block of calls.
    id INTEGER NOT NULL,
    -- How many rows stand in it. The transaction that adds or removes one changes it. A wrong count moves pages. It never
    -- forbids anything.
    live INTEGER NOT NULL,
    PRIMARY KEY (kind, owner_id, start, id)
) STRICT, WITHOUT ROWID;

-- The blocks that must be split.
CREATE INDEX blocks_full ON blocks (kind, owner_id, live) WHERE live > 2048;
