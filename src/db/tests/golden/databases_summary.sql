/* databases::summary */ SELECT COUNT(*) AS partners, COALESCE(SUM(customers), 0) AS customers, (SELECT sequence FROM state WHERE state_id = 1) AS sequence FROM partners WHERE serves <> 'nothing';
