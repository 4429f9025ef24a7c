/* state::open */ UPDATE state SET sequence = ?1, doors_sequence = ?1 WHERE state_id = 1 AND sequence < ?1;
