/* moves::close */ UPDATE partners SET serves = 'nothing' WHERE partner_id = ?1 AND passage = ?2 AND serves = 'reads';
