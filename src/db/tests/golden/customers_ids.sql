/* customers::total */ SELECT customers AS total FROM partners WHERE partner_id = ?1;
/* customers::page */ SELECT json_object('customer_id', customer_id, 'uuid', uuid, 'created', created) AS json, customer_id AS id FROM customers WHERE partner_id = ?1 AND removed_at = '' AND customer_id > ?2 ORDER BY customer_id LIMIT ?3 OFFSET ?4;
