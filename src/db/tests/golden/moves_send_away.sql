/* moves::close_earlier */ UPDATE partners SET serves = 'nothing' WHERE partner_id = ?1 AND passage < ?2 AND serves = 'reads';
/* moves::send_away */ INSERT INTO leavings (partner_id) SELECT partner_id FROM partners WHERE partner_id = ?1 AND passage < ?2 AND serves = 'nothing' ON CONFLICT DO NOTHING;
