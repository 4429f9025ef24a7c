/* schema::applied_migrations */ SELECT name FROM d1_migrations;
