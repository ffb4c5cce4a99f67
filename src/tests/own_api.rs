//! What all endpoints of flowkeep's own API have in common.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use super::TestApp;

const DOCUMENT: &str = "/api/1.0/flowkeep/openapi.json";

#[actix_web::test]
async fn each_endpoint_refuses_parameters_that_it_does_not_know() {
    let app = TestApp::new().await;
    let document = app.get(DOCUMENT).await.ok();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{name}", "churn")
            .replace("{version}", "1")
            .replace("{hold}", "1");
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let request = TestRequest::with_uri(&format!("{path}?modle=x"))
                .method(method.clone())
                .set_json(json!({}));
            let error = app.send(request).await.error();
            assert!(
                error.starts_with("400 INVALID_PARAMETER_VALUE: There is no parameter 'modle'"),
                "{method} {path}: {error}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

#[actix_web::test]
async fn the_document_is_below_both_prefixes() {
    let app = TestApp::new().await;
    let document = app.get(DOCUMENT).await.ok();
    assert_eq!(document["openapi"], "3.1.0");
    let same = app.get("/ajax-api/1.0/flowkeep/openapi.json").await.ok();
    assert_eq!(document, same);
}
