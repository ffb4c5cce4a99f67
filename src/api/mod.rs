//! The HTTP surface. This file is the router: the whole API on a page.

mod actor;
mod attachment;
pub mod client;
mod disabled_endpoints;
mod download;
mod endpoints;
mod error_reply;
mod flowkeep;
mod graphql;
mod json_chunks;
mod message;
mod mlflow;
pub mod request_log;
mod routes;
pub mod security;
mod server_info;
mod slashes;
mod state;
mod static_files;
mod warnings;

use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};

pub use self::disabled_endpoints::refuse_disabled;
use self::endpoints::NotYet;
use self::flowkeep::{
    ROOT as OWN_ROOT, evidence, features, gates, history, holds, integrity, openapi, policies,
    restore, retention,
};
#[cfg(test)]
pub use self::mlflow::unsupported::LISTS as UNSUPPORTED_LISTS;
use self::mlflow::{
    artifact_proxy, artifacts, direct_transfers, experiments, inputs, logged_models, metrics,
    model_versions, registered_models, runs, searches, unsupported, webhooks,
};

use self::routes::Routes;
pub use self::server_info::health;
pub use self::slashes::merge_leading_slashes;
pub use self::state::{Settings, State};

/// What the paths of APIs begin with: clients use the first, and the stock UI the second.
const API_PREFIXES: [&str; 2] = ["/api", "/ajax-api"];

static NOT_YET: LazyLock<NotYet> = LazyLock::new(|| NotYet::under(&API_PREFIXES));

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
    routes(&API_PREFIXES).register(config, static_prefix, &NOT_YET);
}

/// There is no login: whoever reaches the server may call every route. `anyone` marks those that
/// will stay open to whoever has not said who they are, because a load balancer or a client must
/// read them first; `add` and `at` are for users.
fn routes(prefixes: &'static [&'static str]) -> Routes {
    let mut routes = Routes::under(prefixes);
    anyone(&mut routes);

    routes.at(Method::GET, "/", static_files::page);
    routes.at(Method::GET, "/static-files/{path:.*}", static_files::file);
    routes.at(Method::GET, "/build/{path:.*}", static_files::file);
    let telemetry = "/ajax-api/3.0/mlflow/ui-telemetry";
    routes.at(Method::GET, telemetry, server_info::ui_telemetry);
    routes.at(Method::POST, telemetry, server_info::refuse_ui_telemetry);

    routes.at(Method::GET, "/graphql", graphql::answer);
    routes.at(Method::POST, "/graphql", graphql::answer);
    unsupported_areas(&mut routes);

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

/// What flowkeep has and MLflow does not have. `flowkeep/openapi.rs` describes the same routes.
fn governance(routes: &mut Routes) {
    let path = |rest: &str| format!("{OWN_ROOT}/{rest}");
    routes.api(Method::GET, &path("openapi.json"), openapi::get);
    routes.api(Method::GET, &path("policies"), policies::get);
    routes.api(Method::PUT, &path("policies"), policies::put);
    routes.api(Method::DELETE, &path("policies"), policies::delete);
    routes.api(Method::POST, &path("policies/test"), policies::test);

    let version = |rest: &str| path(&format!("model-versions/{{name}}/{{version}}/{rest}"));
    routes.api(Method::POST, &version("evaluations"), evidence::evaluation);
    routes.api(Method::POST, &version("ab-tests"), evidence::ab_test);
    routes.api(Method::POST, &version("approvals"), evidence::approval);
    routes.api(Method::GET, &version("evidence"), evidence::list);
    routes.api(Method::POST, &version("check"), gates::check);
    routes.api(Method::GET, &version("gates"), gates::gates);
    routes.api(Method::POST, &version("restore"), restore::restore);
    routes.api(Method::GET, &version("integrity"), integrity::get);
    routes.api(Method::GET, &version("features"), features::get);
    routes.api(Method::POST, &version("features/check"), features::check);

    routes.api(Method::POST, &version("holds"), holds::place);
    routes.api(Method::GET, &version("holds"), holds::list);
    routes.api(Method::POST, &version("holds/{hold}/lift"), holds::lift);
    routes.api(Method::GET, &path("retention"), retention::page);

    routes.api(Method::GET, &path("history"), history::page);
    routes.api(Method::GET, &path("as-of"), history::as_of);

    // The form that these paths had first.
    let version = |rest: &str| path(&format!("models/{{name}}/versions/{{version}}/{rest}"));
    routes.api(Method::GET, &version("features"), features::get);
    routes.api(Method::POST, &version("features/check"), features::check);
}

/// What the UI asks for on its way, of things that are not built yet.
fn unsupported_areas(routes: &mut Routes) {
    for list in &unsupported::LISTS {
        routes.api(list.method.clone(), list.path, |state| list.answer(state));
    }
    let metrics = "/3.0/mlflow/traces/metrics";
    routes.api(Method::POST, metrics, unsupported::trace_metrics);
    let gateway = "/ajax-api/2.0/mlflow/gateway-proxy";
    routes.at(Method::GET, gateway, unsupported::no_gateway_endpoints);
    routes.at(Method::POST, gateway, unsupported::no_gateway_endpoints);
    let secrets = "/ajax-api/3.0/mlflow/gateway/secrets/config";
    routes.at(Method::GET, secrets, unsupported::no_secrets);
    let assistant = "/ajax-api/3.0/mlflow/assistant";
    let config = format!("{assistant}/config");
    routes.at(Method::GET, &config, unsupported::assistant_config);
    let providers = format!("{assistant}/providers");
    routes.at(Method::GET, &providers, unsupported::assistant_providers);
}

/// The artifact proxy.
fn proxy(routes: &mut Routes) {
    routes.add(artifact_proxy::list);
    let below = |route: &str| format!("{route}{{artifact_path:.*}}");
    let path = below(artifact_proxy::ROUTE);
    routes.api(Method::GET, &path, artifact_proxy::download);
    routes.api(Method::PUT, &path, artifact_proxy::upload);
    routes.api(Method::DELETE, &path, artifact_proxy::delete);

    let path = below(direct_transfers::CREATE);
    routes.api(Method::POST, &path, direct_transfers::create);
    let path = below(direct_transfers::COMPLETE);
    routes.api(Method::POST, &path, direct_transfers::complete);
    let path = below(direct_transfers::ABORT);
    routes.api(Method::POST, &path, direct_transfers::abort);
    let path = below(direct_transfers::PRESIGNED);
    routes.api(Method::GET, &path, direct_transfers::presigned);
}

/// What is open to everybody.
fn anyone(routes: &mut Routes) {
    routes.at(Method::GET, "/health", server_info::health);
    routes.at(Method::GET, "/version", server_info::version);
    routes.api(
        Method::GET,
        "/3.0/mlflow/server-info",
        server_info::server_info,
    );
}
