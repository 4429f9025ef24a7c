/* state::fence */ SELECT json_extract('{}', 'database_was_restored' || state_id) FROM state WHERE state_id = 1 AND sequence < ?1;
