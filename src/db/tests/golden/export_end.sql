/* export::end */ SELECT customer_id FROM customers WHERE customer_id = ?1 AND partner_id = ?2 AND removed_at = '';
