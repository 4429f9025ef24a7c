/* schema::migrations_table */ SELECT name FROM sqlite_schema WHERE name = 'd1_migrations';
