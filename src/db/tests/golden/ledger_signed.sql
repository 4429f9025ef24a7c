/* ledger::signed */ SELECT jws FROM erasures WHERE uuid = ?1 ->> 'uuid' AND is_signed = 1;
