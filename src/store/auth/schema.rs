//! The tables of MLflow's auth database that flowkeep reads and writes, and flowkeep's own beside them.

diesel::table! {
    alembic_version_auth (version_num) {
        version_num -> Text,
    }
}

diesel::table! {
    users (id) {
        id -> Integer,
        username -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        is_admin -> Nullable<Bool>,
    }
}

diesel::table! {
    roles (id) {
        id -> Integer,
        name -> Text,
        workspace -> Text,
        description -> Nullable<Text>,
    }
}

diesel::table! {
    role_permissions (id) {
        id -> Integer,
        role_id -> Integer,
        resource_type -> Text,
        resource_pattern -> Text,
        permission -> Text,
    }
}

diesel::table! {
    user_role_assignments (id) {
        id -> Integer,
        user_id -> Integer,
        role_id -> Integer,
    }
}

diesel::table! {
    flowkeep_user_tokens (id) {
        id -> Integer,
        user_id -> Integer,
        name -> Text,
        token_hash -> Text,
        created_ms -> BigInt,
        expires_ms -> Nullable<BigInt>,
        last_used_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    flowkeep_disabled_users (user_id) {
        user_id -> Integer,
        disabled_ms -> BigInt,
    }
}

diesel::table! {
    flowkeep_auth_schema (version) {
        version -> Text,
        applied_at -> BigInt,
    }
}

diesel::joinable!(user_role_assignments -> roles (role_id));
diesel::joinable!(role_permissions -> roles (role_id));
diesel::allow_tables_to_appear_in_same_query!(
    users,
    roles,
    role_permissions,
    user_role_assignments,
    flowkeep_user_tokens,
    flowkeep_disabled_users,
);
