/* moves::find */ SELECT move_id, partner_id, username, source, target, phase, step, passage, part, place, hash, rows, tables, total, done, began_anew FROM moves WHERE move_id = ?1;
/* moves::heads */ SELECT database, sequence FROM heads WHERE database IN ((SELECT source FROM moves WHERE move_id = ?1), (SELECT target FROM moves WHERE move_id = ?2), ?3);
