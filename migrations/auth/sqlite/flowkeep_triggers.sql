DROP TRIGGER IF EXISTS flowkeep_user_deleted;
CREATE TRIGGER flowkeep_user_deleted AFTER DELETE ON users
BEGIN
    DELETE FROM flowkeep_user_tokens WHERE user_id = OLD.id;
    DELETE FROM flowkeep_disabled_users WHERE user_id = OLD.id;
END;
