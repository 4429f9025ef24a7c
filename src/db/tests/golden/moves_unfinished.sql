/* moves::unfinished */ SELECT move_id FROM moves WHERE phase NOT IN ('complete', 'abandoned') ORDER BY partner_id LIMIT ?1;
