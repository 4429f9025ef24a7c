/* ledger::keys */ SELECT jwk FROM keys ORDER BY added_at, kid;
