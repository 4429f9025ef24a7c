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

-- The sums over stretches of blocks, of a list that has 128 blocks or more. The triggers below keep them, so whoever writes a
-- block need not know of them.
CREATE TABLE stretches (
    -- Of which list it is: that of its blocks.
    kind TEXT NOT NULL,
    -- Whose list it is: that of its blocks.
    owner_id INTEGER NOT NULL,
    -- Where the stretch begins, in ascending order of start and id: where a block began when the stretch was made, or '' for
    -- the first stretch. It ends where the next one begins.
    start TEXT NOT NULL,
    -- The id of that block, or 0 for the first stretch.
    id INTEGER NOT NULL,
    -- How many blocks stand in it.
    blocks INTEGER NOT NULL,
    -- How many rows of the list stand in its blocks.
    live INTEGER NOT NULL,
    PRIMARY KEY (kind, owner_id, start, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER blocks_begun AFTER INSERT ON blocks BEGIN
    UPDATE stretches SET blocks = blocks + 1, live = live + NEW.live
    WHERE kind = NEW.kind AND owner_id = NEW.owner_id AND (start, id) =
        (SELECT start, id FROM stretches WHERE kind = NEW.kind AND owner_id = NEW.owner_id
        AND (start, id) <= (NEW.start, NEW.id) ORDER BY start DESC, id DESC LIMIT 1);
    INSERT INTO stretches (kind, owner_id, start, id, blocks, live)
    SELECT NEW.kind, NEW.owner_id, '', 0, COUNT(*), SUM(live) FROM blocks
    WHERE kind = NEW.kind AND owner_id = NEW.owner_id
    AND NOT EXISTS (SELECT 1 FROM stretches WHERE kind = NEW.kind AND owner_id = NEW.owner_id)
    HAVING COUNT(*) >= 128;
END;

CREATE TRIGGER blocks_counted AFTER UPDATE OF live ON blocks WHEN NEW.live <> OLD.live BEGIN
    UPDATE stretches SET live = live + NEW.live - OLD.live
    WHERE kind = NEW.kind AND owner_id = NEW.owner_id AND (start, id) =
        (SELECT start, id FROM stretches WHERE kind = NEW.kind AND owner_id = NEW.owner_id
        AND (start, id) <= (NEW.start, NEW.id) ORDER BY start DESC, id DESC LIMIT 1);
END;

-- A list without blocks has no stretch.
CREATE TRIGGER blocks_gone AFTER DELETE ON blocks BEGIN
    UPDATE stretches SET blocks = blocks - 1, live = live - OLD.live
    WHERE kind = OLD.kind AND owner_id = OLD.owner_id AND (start, id) =
        (SELECT start, id FROM stretches WHERE kind = OLD.kind AND owner_id = OLD.owner_id
        AND (start, id) <= (OLD.start, OLD.id) ORDER BY start DESC, id DESC LIMIT 1);
    DELETE FROM stretches WHERE kind = OLD.kind AND owner_id = OLD.owner_id
    AND NOT EXISTS (SELECT 1 FROM blocks WHERE kind = OLD.kind AND owner_id = OLD.owner_id);
END;

-- The first 128 blocks stay in a stretch that is split.
CREATE TRIGGER stretches_full AFTER UPDATE OF blocks ON stretches WHEN NEW.blocks > 256 BEGIN
    INSERT INTO stretches (kind, owner_id, start, id, blocks, live)
    SELECT kind, owner_id, start, id, NEW.blocks - 128, NEW.live -
        (SELECT SUM(live) FROM (SELECT live FROM blocks WHERE kind = NEW.kind AND owner_id = NEW.owner_id
        AND (start, id) >= (NEW.start, NEW.id) ORDER BY start, id LIMIT 128))
    FROM blocks WHERE kind = NEW.kind AND owner_id = NEW.owner_id
    AND (start, id) >= (NEW.start, NEW.id) ORDER BY start, id LIMIT 1 OFFSET 128;
    UPDATE stretches SET blocks = 128, live =
        (SELECT SUM(live) FROM (SELECT live FROM blocks WHERE kind = NEW.kind AND owner_id = NEW.owner_id
        AND (start, id) >= (NEW.start, NEW.id) ORDER BY start, id LIMIT 128))
    WHERE kind = NEW.kind AND owner_id = NEW.owner_id AND start = NEW.start AND id = NEW.id;
END;
