//! The tables of MLflow that flowkeep reads and writes, and flowkeep's own (prefix `flowkeep_`).

diesel::table! {
    alembic_version (version_num) {
        version_num -> Text,
    }
}

diesel::table! {
    workspaces (name) {
        name -> Text,
        description -> Nullable<Text>,
        default_artifact_root -> Nullable<Text>,
        trace_archival_location -> Nullable<Text>,
        trace_archival_retention -> Nullable<Text>,
    }
}

diesel::table! {
    experiments (experiment_id) {
        experiment_id -> Integer,
        name -> Text,
        artifact_location -> Nullable<Text>,
        lifecycle_stage -> Nullable<Text>,
        creation_time -> Nullable<BigInt>,
        last_update_time -> Nullable<BigInt>,
        workspace -> Text,
    }
}

diesel::table! {
    experiment_tags (key, experiment_id) {
        key -> Text,
        value -> Nullable<Text>,
        experiment_id -> Integer,
    }
}

diesel::table! {
    runs (run_uuid) {
        run_uuid -> Text,
        name -> Nullable<Text>,
        source_type -> Nullable<Text>,
        source_name -> Nullable<Text>,
        entry_point_name -> Nullable<Text>,
        user_id -> Nullable<Text>,
        status -> Nullable<Text>,
        start_time -> Nullable<BigInt>,
        end_time -> Nullable<BigInt>,
        source_version -> Nullable<Text>,
        lifecycle_stage -> Nullable<Text>,
        artifact_uri -> Nullable<Text>,
        experiment_id -> Nullable<Integer>,
        deleted_time -> Nullable<BigInt>,
    }
}

diesel::table! {
    metrics (key, timestamp, step, run_uuid, value, is_nan) {
        key -> Text,
        value -> Double,
        timestamp -> BigInt,
        run_uuid -> Text,
        step -> BigInt,
        is_nan -> Bool,
    }
}

diesel::table! {
    latest_metrics (key, run_uuid) {
        key -> Text,
        value -> Double,
        timestamp -> Nullable<BigInt>,
        step -> BigInt,
        is_nan -> Bool,
        run_uuid -> Text,
    }
}

diesel::table! {
    params (key, run_uuid) {
        key -> Text,
        value -> Text,
        run_uuid -> Text,
    }
}

diesel::table! {
    tags (key, run_uuid) {
        key -> Text,
        value -> Nullable<Text>,
        run_uuid -> Text,
    }
}

diesel::table! {
    datasets (experiment_id, name, digest) {
        dataset_uuid -> Text,
        experiment_id -> Integer,
        name -> Text,
        digest -> Text,
        dataset_source_type -> Text,
        dataset_source -> Text,
        dataset_schema -> Nullable<Text>,
        dataset_profile -> Nullable<Text>,
    }
}

diesel::table! {
    inputs (source_type, source_id, destination_type, destination_id) {
        input_uuid -> Text,
        source_type -> Text,
        source_id -> Text,
        destination_type -> Text,
        destination_id -> Text,
        step -> BigInt,
    }
}

diesel::table! {
    input_tags (input_uuid, name) {
        input_uuid -> Text,
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    logged_models (model_id) {
        model_id -> Text,
        experiment_id -> Integer,
        name -> Text,
        artifact_location -> Text,
        creation_timestamp_ms -> BigInt,
        last_updated_timestamp_ms -> BigInt,
        status -> Integer,
        lifecycle_stage -> Nullable<Text>,
        model_type -> Nullable<Text>,
        source_run_id -> Nullable<Text>,
        status_message -> Nullable<Text>,
    }
}

diesel::table! {
    logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, run_id) {
        model_id -> Text,
        metric_name -> Text,
        metric_timestamp_ms -> BigInt,
        metric_step -> BigInt,
        metric_value -> Nullable<Double>,
        experiment_id -> Integer,
        run_id -> Text,
        dataset_uuid -> Nullable<Text>,
        dataset_name -> Nullable<Text>,
        dataset_digest -> Nullable<Text>,
    }
}

diesel::table! {
    flowkeep_logged_model_values (model_id, metric_name, metric_timestamp_ms, metric_step, run_id) {
        model_id -> Text,
        metric_name -> Text,
        metric_timestamp_ms -> BigInt,
        metric_step -> BigInt,
        run_id -> Text,
        is_nan -> Bool,
    }
}

diesel::table! {
    logged_model_params (model_id, param_key) {
        model_id -> Text,
        experiment_id -> Integer,
        param_key -> Text,
        param_value -> Text,
    }
}

diesel::table! {
    logged_model_tags (model_id, tag_key) {
        model_id -> Text,
        experiment_id -> Integer,
        tag_key -> Text,
        tag_value -> Text,
    }
}

diesel::table! {
    registered_models (workspace, name) {
        name -> Text,
        creation_time -> Nullable<BigInt>,
        last_updated_time -> Nullable<BigInt>,
        description -> Nullable<Text>,
        workspace -> Text,
    }
}

diesel::table! {
    registered_model_tags (workspace, key, name) {
        key -> Text,
        value -> Nullable<Text>,
        name -> Text,
        workspace -> Text,
    }
}

diesel::table! {
    registered_model_aliases (workspace, name, alias) {
        alias -> Text,
        version -> Integer,
        name -> Text,
        workspace -> Text,
    }
}

diesel::table! {
    model_versions (workspace, name, version) {
        name -> Text,
        version -> Integer,
        creation_time -> Nullable<BigInt>,
        last_updated_time -> Nullable<BigInt>,
        description -> Nullable<Text>,
        user_id -> Nullable<Text>,
        current_stage -> Nullable<Text>,
        source -> Nullable<Text>,
        run_id -> Nullable<Text>,
        status -> Nullable<Text>,
        status_message -> Nullable<Text>,
        run_link -> Nullable<Text>,
        storage_location -> Nullable<Text>,
        workspace -> Text,
    }
}

diesel::table! {
    model_version_tags (workspace, key, name, version) {
        key -> Text,
        value -> Nullable<Text>,
        name -> Text,
        version -> Integer,
        workspace -> Text,
    }
}

diesel::table! {
    webhooks (webhook_id) {
        webhook_id -> Text,
        name -> Text,
        description -> Nullable<Text>,
        url -> Text,
        status -> Text,
        secret -> Nullable<Text>,
        creation_timestamp -> Nullable<BigInt>,
        last_updated_timestamp -> Nullable<BigInt>,
        deleted_timestamp -> Nullable<BigInt>,
        workspace -> Text,
    }
}

diesel::table! {
    webhook_events (webhook_id, entity, action) {
        webhook_id -> Text,
        entity -> Text,
        action -> Text,
    }
}

diesel::table! {
    entity_associations (source_type, source_id, destination_type, destination_id) {
        association_id -> Text,
        source_type -> Text,
        source_id -> Text,
        destination_type -> Text,
        destination_id -> Text,
        created_time -> Nullable<BigInt>,
    }
}

diesel::table! {
    flowkeep_schema (version) {
        version -> Text,
        applied_at -> BigInt,
    }
}

diesel::table! {
    flowkeep_webhook_outbox (delivery_id) {
        delivery_id -> Text,
        webhook_id -> Text,
        entity -> Text,
        action -> Text,
        body -> Text,
        created_at -> BigInt,
        attempts -> Integer,
        due_at -> BigInt,
    }
}

diesel::table! {
    flowkeep_webhook_deliveries (delivery_id, attempt) {
        delivery_id -> Text,
        attempt -> Integer,
        webhook_id -> Text,
        entity -> Text,
        action -> Text,
        attempted_at -> BigInt,
        outcome -> Text,
        response_status -> Nullable<Integer>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    flowkeep_policies (name) {
        name -> Text,
        hash -> Text,
        applied_at -> BigInt,
    }
}

diesel::table! {
    flowkeep_policy_texts (hash) {
        hash -> Text,
        name -> Text,
        text -> Text,
        first_applied_at -> BigInt,
    }
}

diesel::table! {
    flowkeep_models (model_id) {
        model_id -> Text,
        name -> Text,
        creation_time -> Nullable<BigInt>,
    }
}

diesel::table! {
    flowkeep_evidence (id) {
        id -> BigInt,
        model_id -> Text,
        version -> Integer,
        version_created_at -> Nullable<BigInt>,
        kind -> Text,
        body -> Text,
        source -> Nullable<Text>,
        content_digest -> Nullable<Text>,
        tags_digest -> Nullable<Text>,
        actor -> Text,
        claimed -> Nullable<Text>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    flowkeep_history (id) {
        id -> BigInt,
        time_ms -> BigInt,
        actor -> Text,
        claimed -> Nullable<Text>,
        action -> Text,
        outcome -> Text,
        model -> Nullable<Text>,
        model_id -> Nullable<Text>,
        version -> Nullable<Integer>,
        stage -> Nullable<Text>,
        alias -> Nullable<Text>,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        policy -> Nullable<Text>,
        policy_hash -> Nullable<Text>,
        report -> Nullable<Text>,
        how -> Nullable<Text>,
    }
}

diesel::table! {
    flowkeep_artifact_digests (address) {
        address -> Text,
        size -> BigInt,
        sha256 -> Text,
        version -> Text,
        recorded_at -> BigInt,
        recorded_by -> Nullable<Text>,
    }
}

diesel::table! {
    flowkeep_guards (address, model_id, version, kind) {
        address -> Text,
        model_id -> Text,
        version -> Integer,
        kind -> Text,
    }
}

diesel::table! {
    flowkeep_retained (id) {
        id -> BigInt,
        model_id -> Text,
        version -> Integer,
        name -> Text,
        run_id -> Nullable<Text>,
        logged_model_id -> Nullable<Text>,
        run_experiment_id -> Nullable<Integer>,
        model_experiment_id -> Nullable<Integer>,
        address -> Nullable<Text>,
        archived_at -> Nullable<BigInt>,
        keep_until -> Nullable<BigInt>,
        released_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    flowkeep_legal_holds (id) {
        id -> BigInt,
        retained_id -> BigInt,
        model_id -> Text,
        version -> Integer,
        reason -> Text,
        placed_at -> BigInt,
        placed_by -> Text,
        placed_claimed -> Nullable<Text>,
        lifted_at -> Nullable<BigInt>,
        lifted_by -> Nullable<Text>,
        lifted_claimed -> Nullable<Text>,
        lift_reason -> Nullable<Text>,
    }
}

diesel::table! {
    flowkeep_seals (id) {
        id -> BigInt,
        model_id -> Text,
        version -> Integer,
        version_created_at -> Nullable<BigInt>,
        state -> Text,
        reason -> Nullable<Text>,
        location -> Text,
        address -> Nullable<Text>,
        digest -> Nullable<Text>,
        manifest -> Nullable<Text>,
        sealed_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    flowkeep_retained,
    flowkeep_legal_holds,
    experiments,
    experiment_tags,
    runs,
    metrics,
    latest_metrics,
    params,
    tags,
    datasets,
    inputs,
    input_tags,
    logged_models,
    logged_model_metrics,
    logged_model_params,
    logged_model_tags,
    registered_models,
    registered_model_tags,
    registered_model_aliases,
    model_versions,
    model_version_tags,
    webhooks,
    webhook_events,
    entity_associations,
    flowkeep_webhook_outbox,
    flowkeep_webhook_deliveries,
    flowkeep_policies,
    flowkeep_policy_texts,
    flowkeep_models,
    flowkeep_evidence,
    flowkeep_history,
    flowkeep_artifact_digests,
    flowkeep_guards,
    flowkeep_seals,
    flowkeep_logged_model_values,
);
