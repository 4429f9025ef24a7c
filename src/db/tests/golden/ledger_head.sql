/* ledger::head */ SELECT sequence, ids_upto FROM heads WHERE database = ?1;
