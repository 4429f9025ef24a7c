/* moves::advance */ UPDATE moves SET phase = ?1, step = step + 1, part = ?2, place = ?3, hash = ?4, rows = ?5, tables = ?6, total = ?7, done = ?8, changed_at = ?9 WHERE move_id = ?10 AND step = ?11;
