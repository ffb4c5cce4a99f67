//! The OpenAPI document of flowkeep's own API.

use std::sync::LazyLock;

use actix_web::web::Json;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use super::errors::ErrorReply;
use super::parameters::{NoParameters, Parameters};
use super::{
    ROOT, evidence, features, gates, history, holds, integrity, policies, restore, retention,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "flowkeep",
        description = "Model governance beside MLflow's API: policies, evidence, gates, retention and history.",
    ),
    tags(
        (name = "policies", description = "What must be true before a version may move."),
        (name = "evidence", description = "What was found out about a version."),
        (name = "gates", description = "What a policy says of a version, and what a version consists of."),
        (name = "features", description = "Which features a version takes."),
        (name = "retention", description = "What is kept, and until when."),
        (name = "history", description = "What was decided, and what was where."),
    ),
    components(schemas(ErrorReply)),
    paths(
        policies::get,
        policies::put,
        policies::delete,
        policies::test,
        evidence::evaluation,
        evidence::ab_test,
        evidence::approval,
        evidence::list,
        gates::check,
        gates::gates,
        restore::restore,
        integrity::get,
        features::get,
        features::check,
        holds::place,
        holds::list,
        holds::lift,
        retention::page,
        history::page,
        history::as_of,
        get,
    )
)]
struct OwnApi;

/// The document, its paths as they are below one API prefix.
static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let root = format!("/api{ROOT}");
    let mut document = OwnApi::openapi();
    document.paths.paths = std::mem::take(&mut document.paths.paths)
        .into_iter()
        .map(|(path, item)| (format!("{root}{path}"), item))
        .collect();
    document
});

/// Show this document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "history",
    responses((status = 200, description = "The document.", body = Object))
)]
pub async fn get(_: Parameters<NoParameters>) -> Json<&'static Document> {
    Json(&DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::to_value(&*DOCUMENT).unwrap()
    }

    #[test]
    fn the_document_has_each_route_of_the_own_api() {
        let root = format!("/api{ROOT}");
        // The form that these paths had first is not described.
        let former = format!("{root}/models/");
        let routed: BTreeSet<String> = crate::api::routes(&["/api"])
            .list()
            .filter(|(_, path, _)| path.starts_with(&root) && !path.starts_with(&former))
            .map(|(method, path, _)| format!("{method} {path}"))
            .collect();
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<String> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        assert_eq!(described, routed);
    }

    #[test]
    fn what_the_document_refers_to_is_in_it() {
        fn references(value: &Value, found: &mut BTreeSet<String>) {
            match value {
                Value::Object(members) => {
                    for (name, member) in members {
                        match member.as_str() {
                            Some(target) if name == "$ref" => _ = found.insert(target.to_owned()),
                            _ => references(member, found),
                        }
                    }
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let document = document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
