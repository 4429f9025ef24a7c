/* moves::row */ SELECT name, country, customers FROM partners WHERE partner_id = ?1 AND passage = ?2 AND serves = 'reads';
