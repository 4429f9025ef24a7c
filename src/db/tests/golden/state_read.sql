/* state::read */ SELECT sequence, doors_sequence, ids_upto, (SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence) AS ids FROM state WHERE state_id = 1;
