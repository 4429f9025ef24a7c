/* room::customers */ SELECT COALESCE(SUM(customers), 0) AS customers FROM partners WHERE partner_id <> ?1;
