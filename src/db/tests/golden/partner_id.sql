/* partners::id */ SELECT partner_id FROM partners WHERE username = ?1;
