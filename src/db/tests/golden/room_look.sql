/* room::look */ SELECT state_id FROM state WHERE state_id = 1;
