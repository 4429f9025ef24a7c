/* moves::serve_all */ UPDATE partners SET serves = 'all' WHERE partner_id = ?1 AND passage = ?2 AND serves = 'reads' AND NOT EXISTS (SELECT 1 FROM leavings WHERE partner_id = ?3);
