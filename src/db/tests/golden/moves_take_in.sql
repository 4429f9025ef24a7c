/* moves::take_in */ INSERT INTO partners (partner_id, username, serves, passage) SELECT ?1, ?2, 'nothing', ?3 WHERE NOT EXISTS (SELECT 1 FROM leavings WHERE partner_id = ?4) ON CONFLICT DO NOTHING;
