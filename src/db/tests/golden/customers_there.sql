/* customers::there */ SELECT version, json_array(custom_7 = ?1) AS kept FROM customers WHERE customer_id = ?2 AND partner_id = ?3 AND removed_at = '';
