//! The HTTP surface. This file is the router: the whole API on a page.

mod about;
mod actor;
mod attachment;
mod download;
mod endpoints;
mod flowkeep;
mod graphql;
mod message;
mod mlflow;
mod mode;
mod routes;
pub mod security;
mod state;
mod static_files;
mod written;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

use self::flowkeep::{
    evidence, features, gates, history, holds, integrity, policies, restore, retention,
};
#[cfg(test)]
pub use self::mlflow::not_built::LISTS as NOT_BUILT_LISTS;
use self::mlflow::{
    artifact_proxy, artifacts, direct_transfers, experiments, inputs, logged_models, metrics,
    model_versions, not_built, registered_models, runs, searches, webhooks,
};
pub use self::mode::refuse_what_is_off;
use self::routes::{API_PREFIXES, Routes};
pub use self::state::{Settings, State};

/// The version of MLflow that this server stands in for. Clients compare it with their own.
pub const MLFLOW_VERSION: &str = "3.17.2";

/// All routes.
pub fn configure(config: &mut ServiceConfig) {
    configure_under("", config);
}

/// All routes, under the path that --static-prefix gives.
pub fn configure_under(static_prefix: &str, config: &mut ServiceConfig) {
    if !static_prefix.is_empty() {
        // The UI's own addresses are relative to the path with the slash.
        let front_page = format!("{static_prefix}/");
        config.service(web::redirect(static_prefix.to_owned(), front_page).permanent());
    }
    routes().register(config, static_prefix);
}

/// There is no login: whoever reaches the server may call every route. `anyone` marks those that
/// will stay open to whoever has not said who they are, because a load balancer or a client must
/// read them first; `add` and `at` are for users.
fn routes() -> Routes {
    let mut routes = Routes::default();
    anyone(&mut routes);

    routes.at(Method::GET, "/", static_files::page);
    routes.at(Method::GET, "/static-files/{path:.*}", static_files::file);
    routes.at(Method::GET, "/build/{path:.*}", static_files::file);
    let telemetry = "/ajax-api/3.0/mlflow/ui-telemetry";
    routes.at(Method::GET, telemetry, about::ui_telemetry);
    routes.at(Method::POST, telemetry, about::refuse_ui_telemetry);

    routes.at(Method::GET, "/graphql", graphql::answer);
    routes.at(Method::POST, "/graphql", graphql::answer);
    not_built_yet(&mut routes);

    proxy(&mut routes);
    routes.add(artifacts::list);
    routes.add(artifacts::list_of_logged_model);
    routes.add(direct_transfers::presigned_upload);
    routes.add(direct_transfers::presigned_download);
    routes.at(Method::GET, "/get-artifact", artifacts::download_of_run);
    routes.at(
        Method::GET,
        "/model-versions/get-artifact",
        artifacts::download_of_model_version,
    );
    routes.at(
        Method::GET,
        "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
        artifacts::download_of_logged_model,
    );
    let upload = "/ajax-api/2.0/mlflow/upload-artifact";
    routes.at(Method::POST, upload, artifacts::upload);

    routes.add(experiments::create);
    routes.add(experiments::get);
    routes.add(experiments::get_by_name);
    routes.add(experiments::update);
    routes.add(experiments::delete);
    routes.add(experiments::restore);
    routes.add(experiments::set_tag);
    routes.add(experiments::delete_tag);

    routes.add(runs::create);
    routes.add(runs::get);
    routes.add(runs::update);
    routes.add(runs::delete);
    routes.add(runs::restore);
    routes.add(runs::set_tag);
    routes.add(runs::delete_tag);
    routes.add(runs::log_param);
    routes.add(runs::log_batch);
    routes.add(runs::log_model);

    routes.add(metrics::log);
    routes.add_written(metrics::history);
    routes.add_written(metrics::sampled_history);
    let history = "/ajax-api/2.0/mlflow/metrics/get-history-bulk";
    routes.at(Method::GET, history, metrics::history_of_runs);

    routes.add(inputs::log_inputs);
    routes.add(inputs::log_outputs);
    routes.add(inputs::search_datasets);

    routes.add(logged_models::create);
    routes.add(logged_models::finalize);
    routes.add(logged_models::get);
    routes.add(logged_models::delete);
    routes.add(logged_models::set_tags);
    routes.add(logged_models::delete_tag);
    routes.add(logged_models::log_params);

    routes.add(searches::experiments);
    routes.add(searches::runs);
    routes.add(searches::logged_models);
    routes.add(searches::registered_models);
    routes.add(searches::model_versions);

    routes.add_change(registered_models::create);
    routes.add(registered_models::get);
    routes.add_change(registered_models::update);
    routes.add_change(registered_models::rename);
    routes.add_change(registered_models::delete);
    routes.add(registered_models::latest_versions);
    routes.add_change(registered_models::set_tag);
    routes.add_change(registered_models::delete_tag);
    routes.add_change(registered_models::set_alias);
    routes.add_change(registered_models::delete_alias);
    routes.add(registered_models::get_by_alias);

    routes.add_change(model_versions::create);
    routes.add(model_versions::get);
    routes.add_change(model_versions::update);
    routes.add_change(model_versions::transition_stage);
    routes.add_change(model_versions::delete);
    routes.add(model_versions::download_uri);
    routes.add_change(model_versions::set_tag);
    routes.add_change(model_versions::delete_tag);

    routes.add(webhooks::create);
    routes.add(webhooks::list);
    routes.add(webhooks::get);
    routes.add(webhooks::update);
    routes.add(webhooks::delete);
    routes.add(webhooks::test);

    governance(&mut routes);
    routes
}

/// What flowkeep has and MLflow has not.
fn governance(routes: &mut Routes) {
    for prefix in API_PREFIXES {
        let path = |rest: &str| format!("{prefix}/1.0/flowkeep/{rest}");
        routes.at(Method::GET, &path("policies"), policies::get);
        routes.at(Method::PUT, &path("policies"), policies::put);
        routes.at(Method::DELETE, &path("policies"), policies::delete);
        routes.at(Method::POST, &path("policies/test"), policies::test);

        let version = |rest: &str| path(&format!("model-versions/{{name}}/{{version}}/{rest}"));
        routes.at(Method::POST, &version("evaluations"), evidence::evaluation);
        routes.at(Method::POST, &version("ab-tests"), evidence::ab_test);
        routes.at(Method::POST, &version("approvals"), evidence::approval);
        routes.at(Method::GET, &version("evidence"), evidence::list);
        routes.at(Method::POST, &version("check"), gates::check);
        routes.at(Method::GET, &version("gates"), gates::gates);
        routes.at(Method::POST, &version("restore"), restore::restore);
        routes.at(Method::GET, &version("integrity"), integrity::get);

        routes.at(Method::POST, &version("holds"), holds::place);
        routes.at(Method::GET, &version("holds"), holds::list);
        routes.at(Method::POST, &version("holds/{hold}/lift"), holds::lift);
        routes.at(Method::GET, &path("retention"), retention::page);

        routes.at(Method::GET, &path("history"), history::page);
        routes.at(Method::GET, &path("as-of"), history::as_of);
        let version = |rest: &str| path(&format!("models/{{name}}/versions/{{version}}/{rest}"));
        routes.at(Method::GET, &version("features"), features::get);
        routes.at(Method::POST, &version("features/check"), features::check);
    }
}

/// What the UI asks for on its way, of things that are not built yet.
fn not_built_yet(routes: &mut Routes) {
    for list in &not_built::LISTS {
        for prefix in API_PREFIXES {
            let path = format!("{prefix}{}", list.path);
            routes.at(list.method.clone(), &path, |state| list.answer(state));
        }
    }
    for prefix in API_PREFIXES {
        let metrics = format!("{prefix}/3.0/mlflow/traces/metrics");
        routes.at(Method::POST, &metrics, not_built::trace_metrics);
    }
    let gateway = "/ajax-api/2.0/mlflow/gateway-proxy";
    routes.at(Method::GET, gateway, not_built::no_gateway_endpoints);
    routes.at(Method::POST, gateway, not_built::no_gateway_endpoints);
    let secrets = "/ajax-api/3.0/mlflow/gateway/secrets/config";
    routes.at(Method::GET, secrets, not_built::no_secrets);
    let assistant = "/ajax-api/3.0/mlflow/assistant";
    let config = format!("{assistant}/config");
    routes.at(Method::GET, &config, not_built::assistant_config);
    let providers = format!("{assistant}/providers");
    routes.at(Method::GET, &providers, not_built::assistant_providers);
}

/// The artifact proxy.
fn proxy(routes: &mut Routes) {
    routes.add(artifact_proxy::list);
    for prefix in API_PREFIXES {
        let path = format!("{prefix}{}{{artifact_path:.*}}", artifact_proxy::ROUTE);
        routes.at(Method::GET, &path, artifact_proxy::download);
        routes.at(Method::PUT, &path, artifact_proxy::upload);
        routes.at(Method::DELETE, &path, artifact_proxy::delete);

        let below = |route: &str| format!("{prefix}{route}{{artifact_path:.*}}");
        let path = below(direct_transfers::CREATE);
        routes.at(Method::POST, &path, direct_transfers::create);
        let path = below(direct_transfers::COMPLETE);
        routes.at(Method::POST, &path, direct_transfers::complete);
        let path = below(direct_transfers::ABORT);
        routes.at(Method::POST, &path, direct_transfers::abort);
        let path = below(direct_transfers::PRESIGNED);
        routes.at(Method::GET, &path, direct_transfers::presigned);
    }
}

fn anyone(routes: &mut Routes) {
    routes.at(Method::GET, "/health", about::health);
    routes.at(Method::GET, "/version", about::version);
    for path in [
        "/api/3.0/mlflow/server-info",
        "/ajax-api/3.0/mlflow/server-info",
    ] {
        routes.at(Method::GET, path, about::server_info);
    }
}
