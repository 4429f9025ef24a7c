/* partners::find */ SELECT partner_id, database FROM directory WHERE username = ?1;
