/* partners::find */ SELECT partner_id, database, passage FROM directory WHERE username = ?1;
