/* moves::flip */ UPDATE directory SET database = ?1, passage = ?2 WHERE partner_id = ?3 AND passage < ?2;
