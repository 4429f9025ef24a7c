/* moves::stay */ UPDATE partners SET serves = 'all', passage = ?1 WHERE partner_id = ?2 AND passage < ?1 AND serves IN ('all', 'reads');
