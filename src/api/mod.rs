//! The HTTP surface. This file is the router: the whole API on a page.

mod accounts;
mod actor;
mod artifact_address;
mod attachment;
mod authentication;
mod caller;
pub mod client;
mod disabled_endpoints;
mod download;
mod endpoints;
mod error_reply;
mod flowkeep;
mod graphql;
mod guard;
mod json_chunks;
mod message;
mod mlflow;
mod permit;
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

use crate::access::Access::{self, Public, User};
use crate::access::needs::{ADMINISTRATORS, Action, Need, Resource};
use crate::wire::artifacts::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload, DeleteArtifact,
    DownloadArtifact, GetPresignedDownloadUrl, UploadArtifact,
};
use crate::wire::request::Request;

pub use self::authentication::authenticate;
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

pub use self::permit::Permit;
use self::routes::Routes;
pub use self::server_info::health;
pub use self::slashes::merge_leading_slashes;
pub use self::state::{Settings, State};

/// What the paths of APIs begin with: clients use the first, and the stock UI the second.
const API_PREFIXES: [&str; 2] = ["/api", "/ajax-api"];

static NOT_YET: LazyLock<NotYet> = LazyLock::new(|| NotYet::under(&API_PREFIXES));

/// One need as the access of a route: an action on a resource that a parameter of the path or the query names.
macro_rules! needs {
    [$action:ident, $resource:ident, $field:literal] => {
        Access::Needs(const { &[Need::new(Action::$action, Resource::$resource, $field)] })
    };
}

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

/// Each route, as `GET /path`, and who may call it.
#[cfg(test)]
pub fn route_table() -> Vec<(String, Access)> {
    let routes = routes(&API_PREFIXES);
    let table = routes
        .list()
        .map(|(method, path, access)| (format!("{method} {path}"), access));
    table.collect()
}

/// Who may call a route stands beside it: [`Access::Public`] for what a load balancer or a client must read before it
/// can log in, [`Access::User`] for what tells nothing of anybody's data, and what is needed on which resource for all
/// else. The routes of messages have it in the .proto files.
fn routes(prefixes: &'static [&'static str]) -> Routes {
    let mut routes = Routes::under(prefixes);
    anyone(&mut routes);

    routes.at(Method::GET, "/", User, static_files::page);
    routes.at(Method::GET, "/build/{path:.*}", User, static_files::file);
    routes.at(Method::GET, "/version", User, server_info::version);
    let telemetry = "/ajax-api/3.0/mlflow/ui-telemetry";
    routes.at(Method::GET, telemetry, User, server_info::ui_telemetry);
    routes.at(
        Method::POST,
        telemetry,
        User,
        server_info::refuse_ui_telemetry,
    );

    // Each field of a query is a message, and needs what that needs.
    routes.at(Method::GET, "/graphql", User, graphql::answer);
    routes.at(Method::POST, "/graphql", User, graphql::answer);
    unsupported_areas(&mut routes);

    proxy(&mut routes);
    routes.add(artifacts::list);
    routes.add(artifacts::list_of_logged_model);
    routes.add(direct_transfers::presigned_upload);
    routes.add(direct_transfers::presigned_download);
    routes.at(
        Method::GET,
        "/get-artifact",
        needs![Read, Run, "run_id|run_uuid"],
        artifacts::download_of_run,
    );
    routes.at(
        Method::GET,
        "/model-versions/get-artifact",
        needs![Read, ModelVersion, "name"],
        artifacts::download_of_model_version,
    );
    routes.at(
        Method::GET,
        "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
        needs![Read, LoggedModel, "model_id"],
        artifacts::download_of_logged_model,
    );
    routes.at(
        Method::POST,
        "/ajax-api/2.0/mlflow/upload-artifact",
        needs![Update, Run, "run_id|run_uuid"],
        artifacts::upload,
    );

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
    routes.at(
        Method::GET,
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
        needs![Read, Run, "run_id"],
        metrics::history_of_runs,
    );

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

    registry(&mut routes);
    accounts::add_routes(&mut routes);
    governance(&mut routes);
    routes
}

/// What flowkeep has and MLflow does not have. `flowkeep/openapi.rs` describes the same routes.
fn governance(routes: &mut Routes) {
    let path = |rest: &str| format!("{OWN_ROOT}/{rest}");
    routes.api(Method::GET, &path("openapi.json"), User, openapi::get);
    let all = &path("policies");
    routes.api(Method::GET, all, ADMINISTRATORS, policies::get);
    routes.api(Method::PUT, all, ADMINISTRATORS, policies::put);
    routes.api(Method::DELETE, all, ADMINISTRATORS, policies::delete);
    let test = &path("policies/test");
    routes.api(Method::POST, test, ADMINISTRATORS, policies::test);

    let read = needs![Read, ModelVersion, "name"];
    let update = needs![Update, ModelVersion, "name"];
    let manage = needs![Manage, RegisteredModel, "name"];
    let version = |rest: &str| path(&format!("model-versions/{{name}}/{{version}}/{rest}"));
    routes.api(
        Method::POST,
        &version("evaluations"),
        update,
        evidence::evaluation,
    );
    routes.api(
        Method::POST,
        &version("ab-tests"),
        update,
        evidence::ab_test,
    );
    routes.api(
        Method::POST,
        &version("approvals"),
        update,
        evidence::approval,
    );
    routes.api(Method::GET, &version("evidence"), read, evidence::list);
    routes.api(Method::POST, &version("check"), read, gates::check);
    routes.api(Method::GET, &version("gates"), read, gates::gates);
    routes.api(Method::POST, &version("restore"), update, restore::restore);
    routes.api(Method::GET, &version("integrity"), read, integrity::get);
    routes.api(Method::GET, &version("features"), read, features::get);
    routes.api(
        Method::POST,
        &version("features/check"),
        read,
        features::check,
    );

    routes.api(Method::POST, &version("holds"), manage, holds::place);
    routes.api(Method::GET, &version("holds"), read, holds::list);
    let lift = &version("holds/{hold}/lift");
    routes.api(Method::POST, lift, manage, holds::lift);
    let retention = &path("retention");
    routes.api(Method::GET, retention, ADMINISTRATORS, retention::page);

    let only_visible = needs![List, ModelVersion, ""];
    routes.api(Method::GET, &path("history"), only_visible, history::page);
    routes.api(Method::GET, &path("as-of"), only_visible, history::as_of);

    // The form that these paths had first.
    let version = |rest: &str| path(&format!("models/{{name}}/versions/{{version}}/{rest}"));
    routes.api(Method::GET, &version("features"), read, features::get);
    routes.api(
        Method::POST,
        &version("features/check"),
        read,
        features::check,
    );
}

/// MLflow's model registry, and who is told of its changes.
fn registry(routes: &mut Routes) {
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
}

/// What the UI asks for on its way, of things that are not built yet.
fn unsupported_areas(routes: &mut Routes) {
    for list in &unsupported::LISTS {
        let answer = |permit| list.answer(permit);
        routes.api(list.method.clone(), list.path, User, answer);
    }
    let metrics = "/3.0/mlflow/traces/metrics";
    routes.api(Method::POST, metrics, User, unsupported::trace_metrics);
    let gateway = "/ajax-api/2.0/mlflow/gateway-proxy";
    for method in [Method::GET, Method::POST] {
        routes.at(method, gateway, User, unsupported::no_gateway_endpoints);
    }
    let secrets = "/ajax-api/3.0/mlflow/gateway/secrets/config";
    routes.at(Method::GET, secrets, User, unsupported::no_secrets);
    let assistant = "/ajax-api/3.0/mlflow/assistant";
    let config = &format!("{assistant}/config");
    routes.at(Method::GET, config, User, unsupported::assistant_config);
    let providers = &format!("{assistant}/providers");
    routes.at(
        Method::GET,
        providers,
        User,
        unsupported::assistant_providers,
    );
}

/// The artifact proxy.
fn proxy(routes: &mut Routes) {
    routes.add(artifact_proxy::list);
    let below = |route: &str| format!("{route}{{artifact_path:.*}}");
    let read = needs_of::<DownloadArtifact>();
    let update = needs_of::<UploadArtifact>();
    let delete = needs_of::<DeleteArtifact>();
    let path = &below(artifact_proxy::ROUTE);
    routes.api(Method::GET, path, read, artifact_proxy::download);
    routes.api(Method::PUT, path, update, artifact_proxy::upload);
    routes.api(Method::DELETE, path, delete, artifact_proxy::delete);

    let path = &below(direct_transfers::CREATE);
    let create = needs_of::<CreateMultipartUpload>();
    routes.api(Method::POST, path, create, direct_transfers::create);
    let path = &below(direct_transfers::COMPLETE);
    let complete = needs_of::<CompleteMultipartUpload>();
    routes.api(Method::POST, path, complete, direct_transfers::complete);
    let path = &below(direct_transfers::ABORT);
    let abort = needs_of::<AbortMultipartUpload>();
    routes.api(Method::POST, path, abort, direct_transfers::abort);
    let path = &below(direct_transfers::PRESIGNED);
    let read = needs_of::<GetPresignedDownloadUrl>();
    routes.api(Method::GET, path, read, direct_transfers::presigned);
}

/// What the .proto file says of a message that no handler takes as one.
fn needs_of<R: Request>() -> Access {
    Access::Needs(R::NEEDS)
}

/// What is open to everybody: as on MLflow, the files of the UI are, too.
fn anyone(routes: &mut Routes) {
    routes.at(Method::GET, "/health", Public, server_info::health);
    let info = "/3.0/mlflow/server-info";
    routes.api(Method::GET, info, Public, server_info::server_info);
    routes.at(
        Method::GET,
        "/static-files/{path:.*}",
        Public,
        static_files::file,
    );
}
