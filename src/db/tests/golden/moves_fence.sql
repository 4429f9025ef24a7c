/* moves::fence */ UPDATE partners SET serves = 'reads', passage = ?1 WHERE partner_id = ?2 AND passage < ?1 AND serves IN ('all', 'reads');
