/* operator::names */ SELECT partner_id, username FROM directory WHERE partner_id IN (SELECT value FROM json_each(?1));
