/* state::count_minute */ UPDATE state SET sequence = sequence + ?1 WHERE state_id = 1 RETURNING sequence;
