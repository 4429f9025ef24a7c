/* moves::partners_after */ SELECT partner_id FROM partners WHERE partner_id > ?1 ORDER BY partner_id LIMIT ?2;
