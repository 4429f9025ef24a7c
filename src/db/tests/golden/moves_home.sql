/* moves::home */ SELECT database AS home FROM directory WHERE partner_id = ?1;
