/* ledger::advance */ UPDATE heads SET sequence = MAX(sequence, ?1) WHERE database = ?2;
