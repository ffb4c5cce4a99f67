-- How the server knew the actor: 'password', or 'token' with its id. Nothing for rows from before there were logins, and
-- for whom it did not check.
ALTER TABLE flowkeep_history ADD COLUMN how VARCHAR(64);
