/* operator::create_tenant */ INSERT INTO partners (partner_id, username) VALUES (?1, ?2) ON CONFLICT DO NOTHING;
