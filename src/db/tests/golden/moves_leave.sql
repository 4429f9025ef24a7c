/* moves::leave */ INSERT INTO leavings (partner_id) SELECT partner_id FROM partners WHERE partner_id = ?1 AND passage <= ?2 AND serves = 'nothing' ON CONFLICT DO NOTHING;
