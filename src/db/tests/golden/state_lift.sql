/* state::add_sequences */ INSERT INTO sqlite_sequence (name, seq) SELECT column1, 0 FROM (VALUES ('audit'), ('calls'), ('customers'), ('measures'), ('users'), ('directory')) WHERE column1 NOT IN (SELECT name FROM sqlite_sequence);
/* state::skip_ids */ UPDATE state SET audit_skipped = audit_skipped + ?1 - (SELECT seq FROM sqlite_sequence WHERE name = 'audit') WHERE state_id = 1 AND (SELECT seq FROM sqlite_sequence WHERE name = 'audit') < ?1;
/* state::lift_ids */ UPDATE sqlite_sequence SET seq = ?1 WHERE seq < ?1;
/* state::promise */ UPDATE state SET ids_upto = ?1 WHERE state_id = 1 AND ids_upto < ?1;
