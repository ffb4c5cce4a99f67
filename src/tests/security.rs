//! What is refused to a browser, in MLflow's words.

use std::net::SocketAddr;
use std::rc::Rc;

use actix_web::App;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::test::{TestRequest, call_service, init_service, read_body};

use crate::api;
use crate::api::security::{Protection, protect};
use crate::config::{HttpSettings, SecuritySettings};

/// A route that changes something and needs no database.
const CHANGE: &str = "/ajax-api/3.0/mlflow/ui-telemetry";

/// Stands for the address that a request comes from, which is no header.
const PEER: &str = "peer";

fn http() -> HttpSettings {
    HttpSettings {
        host: "127.0.0.1".to_owned(),
        port: 5000,
        workers: None,
        static_prefix: String::new(),
        trusted_proxies: "127.0.0.1,10.0.0.0/8".parse().unwrap(),
    }
}

/// `status body`, and each header of the answer that a browser obeys.
async fn answer(
    settings: Option<SecuritySettings>,
    method: Method,
    path: &str,
    headers: &[(&'static str, &'static str)],
) -> String {
    let protection = Rc::new(settings.map(|settings| Protection::new(&settings, &http())));
    let app = init_service(
        App::new()
            .wrap(from_fn(move |request, next| {
                protect(Rc::clone(&protection), request, next)
            }))
            .wrap(from_fn(api::merge_leading_slashes))
            .configure(api::configure),
    )
    .await;
    let peer = headers.iter().find(|(name, _)| *name == PEER);
    let peer = peer.map_or("203.0.113.9:4711", |(_, address)| *address);
    let mut request = TestRequest::with_uri(path)
        .method(method)
        .peer_addr(peer.parse::<SocketAddr>().unwrap());
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.insert_header(("host", "localhost:5000"));
    }
    for header in headers.iter().filter(|(name, _)| *name != PEER) {
        request = request.insert_header(*header);
    }
    let response = call_service(&app, request.to_request()).await;
    let mut lines: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| name.as_str() != "content-type" && name.as_str() != "allow")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let status = response.status().as_u16();
    let body = read_body(response).await;
    lines.insert(0, format!("{status} {}", String::from_utf8_lossy(&body)));
    lines.join("\n")
}

fn default() -> Option<SecuritySettings> {
    allowing(None, &[])
}

#[expect(clippy::unnecessary_wraps, reason = "what the server is given")]
fn allowing(hosts: Option<&[&str]>, origins: &[&str]) -> Option<SecuritySettings> {
    let owned = |list: &[&str]| list.iter().map(|&item| item.to_owned()).collect();
    Some(SecuritySettings {
        allowed_hosts: hosts.map(owned),
        allowed_origins: owned(origins),
        frame_options: Some("SAMEORIGIN"),
    })
}

#[actix_web::test]
async fn doubled_slashes_are_no_way_round() {
    let foreign = &[("origin", "http://evil.example")];
    let plain = answer(default(), Method::POST, CHANGE, foreign).await;
    assert!(plain.starts_with("403 "), "{plain}");
    for slashes in ["/", "//"] {
        let path = format!("{slashes}{CHANGE}");
        let doubled = answer(default(), Method::POST, &path, foreign).await;
        assert_eq!(doubled, plain);
    }
    let health = answer(
        default(),
        Method::GET,
        "//health",
        &[("host", "evil.example")],
    )
    .await;
    assert!(health.starts_with("200 OK"), "{health}");
}

#[actix_web::test]
async fn a_foreign_host_reaches_only_the_health_checks() {
    let evil = &[("host", "evil.example")];
    let refused = answer(default(), Method::GET, "/", evil).await;
    assert_eq!(
        refused,
        "403 Invalid Host header - possible DNS rebinding attack detected"
    );
    let health = answer(default(), Method::GET, "/health", evil).await;
    assert!(health.starts_with("200 OK"), "{health}");

    let listed = || allowing(Some(&["evil.*"]), &[]);
    let allowed = answer(listed(), Method::GET, "/nowhere", evil).await;
    assert!(allowed.starts_with("404 "), "{allowed}");
    let private = &[("host", "192.168.1.5:5000")];
    let refused = answer(listed(), Method::GET, "/", private).await;
    assert!(refused.starts_with("403 "), "{refused}");
    // Probes on the machine itself.
    let local = &[("host", "127.0.0.1:5000")];
    let allowed = answer(listed(), Method::GET, CHANGE, local).await;
    assert!(allowed.starts_with("200 "), "{allowed}");
}

/// Whether a page may change something, by the headers of its request.
async fn may_change(hosts: Option<&[&str]>, headers: &[(&'static str, &'static str)]) -> bool {
    let answer = answer(allowing(hosts, &[]), Method::POST, CHANGE, headers).await;
    if answer.starts_with("200 ") {
        return true;
    }
    assert!(
        answer.starts_with("403 Cross-origin request blocked"),
        "{answer}"
    );
    false
}

#[actix_web::test]
async fn the_pages_of_the_server_itself_may_change_things() {
    let listed: Option<&[&str]> = Some(&["mlflow.example.com", "svc.example.org"]);
    for (hosts, host, origin) in [
        (listed, "mlflow.example.com", "http://mlflow.example.com"),
        (listed, "mlflow.example.com:80", "http://mlflow.example.com"),
        (listed, "MLflow.example.com", "http://mlflow.example.com"),
        (
            listed,
            "svc.example.org:5000",
            "http://svc.example.org:5000",
        ),
        (None, "192.168.1.5:5000", "http://192.168.1.5:5000"),
        (None, "[fd00::7]:5000", "http://[fd00::7]:5000"),
        (Some(&["*"]), "anything.example", "http://anything.example"),
    ] {
        let headers = [("host", host), ("origin", origin)];
        assert!(may_change(hosts, &headers).await, "{host} {origin}");
    }
    for (hosts, host, origin) in [
        // Another host, port or scheme is another origin.
        (listed, "mlflow.example.com", "http://svc.example.org"),
        (listed, "mlflow.example.com", "http://evil.example"),
        (listed, "mlflow.example.com", "http://mlflow.example.com:81"),
        (
            listed,
            "mlflow.example.com:5000",
            "http://mlflow.example.com",
        ),
        (listed, "mlflow.example.com", "https://mlflow.example.com"),
        (
            listed,
            "mlflow.example.com",
            "http://mlflow.example.com.evil.example",
        ),
        (
            listed,
            "mlflow.example.com",
            "http://evil.example/mlflow.example.com",
        ),
        (
            listed,
            "mlflow.example.com",
            "http://mlflow.example.com@evil.example",
        ),
        (listed, "mlflow.example.com", "null"),
        (listed, "mlflow.example.com", "mlflow.example.com"),
        (listed, "mlflow.example.com", "file://"),
        (None, "192.168.1.5:5000", "http://192.168.1.6:5000"),
    ] {
        let headers = [("host", host), ("origin", origin)];
        assert!(!may_change(hosts, &headers).await, "{host} {origin}");
    }
    // A page that points its own name at this machine does not get this far.
    let rebound = &[
        ("host", "10.evil.example"),
        ("origin", "http://10.evil.example"),
    ];
    let refused = answer(default(), Method::POST, CHANGE, rebound).await;
    assert!(refused.starts_with("403 Invalid Host"), "{refused}");
}

#[actix_web::test]
async fn a_trusted_proxy_tells_under_which_address_it_was_reached() {
    let hosts: Option<&[&str]> = Some(&["mlflow.example.com"]);
    let page = ("origin", "https://mlflow.example.com");
    let host = ("host", "mlflow.example.com");
    let proxy = (PEER, "10.1.2.3:99");
    let https = ("x-forwarded-proto", "https");
    assert!(may_change(hosts, &[proxy, page, host, https]).await);
    // Nobody else is believed.
    assert!(!may_change(hosts, &[page, host, https]).await);
    // A browser knows by itself whether the page is the server's.
    assert!(may_change(hosts, &[page, host, ("sec-fetch-site", "same-origin")]).await);
    assert!(!may_change(hosts, &[page, host, ("sec-fetch-site", "same-site")]).await);

    // The proxy asks for the server by another name.
    let inside = ("host", "127.0.0.1:5000");
    let named = ("x-forwarded-host", "mlflow.example.com");
    assert!(may_change(hosts, &[proxy, page, inside, https, named]).await);
    assert!(!may_change(hosts, &[page, inside, https, named]).await);
    let foreign = ("x-forwarded-host", "evil.example");
    let evil = ("origin", "https://evil.example");
    assert!(!may_change(hosts, &[proxy, evil, inside, https, foreign]).await);

    // It may leave the port out of the host.
    let page = ("origin", "https://mlflow.example.com:8443");
    assert!(!may_change(hosts, &[proxy, page, host, https]).await);
    let port = ("x-forwarded-port", "8443");
    assert!(may_change(hosts, &[proxy, page, host, https, port]).await);
}

#[actix_web::test]
async fn a_foreign_page_may_not_change_anything() {
    let evil = &[("origin", "https://evil.example")];
    let refused = answer(default(), Method::POST, CHANGE, evil).await;
    assert_eq!(
        refused,
        "403 Cross-origin request blocked\n\
         access-control-allow-credentials: true\n\
         access-control-expose-headers: *\n\
         vary: Origin"
    );
    // It may ask, and its browser keeps the answer from it.
    let read = answer(default(), Method::GET, CHANGE, evil).await;
    assert!(read.starts_with("200 "), "{read}");
    assert!(!read.contains("access-control-allow-origin"), "{read}");

    let listed = || allowing(None, &["https://evil.example"]);
    let allowed = answer(listed(), Method::POST, CHANGE, evil).await;
    assert_eq!(
        allowed,
        "200 {\"status\":\"disabled\"}\n\
         access-control-allow-credentials: true\n\
         access-control-allow-origin: https://evil.example\n\
         access-control-expose-headers: *\n\
         vary: Origin\n\
         x-content-type-options: nosniff\n\
         x-frame-options: SAMEORIGIN"
    );
}

#[actix_web::test]
async fn pages_of_this_machine_may_change_things() {
    for origin in [
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8",
    ] {
        let allowed = answer(default(), Method::POST, CHANGE, &[("origin", origin)]).await;
        assert!(allowed.starts_with("200 "), "{allowed}");
        let header = format!("access-control-allow-origin: {origin}");
        assert!(allowed.contains(&header), "{allowed}");
    }
    for origin in ["null", "http://localhost.evil.example", "http://0.0.0.0"] {
        let refused = answer(default(), Method::POST, CHANGE, &[("origin", origin)]).await;
        assert!(refused.starts_with("403 "), "{refused}");
    }
}

#[actix_web::test]
async fn a_browser_that_asks_first_is_told() {
    let wish = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type"),
        ]
    };
    let local = wish("http://localhost:3000");
    let told = answer(default(), Method::OPTIONS, CHANGE, &local).await;
    let common = "access-control-allow-credentials: true\n\
         access-control-allow-headers: content-type\n\
         access-control-allow-methods: GET, POST, PUT, DELETE, OPTIONS, PATCH\n";
    let rest = "access-control-max-age: 600\n\
         vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
         Access-Control-Request-Private-Network";
    let origin = "access-control-allow-origin: http://localhost:3000\n";
    assert_eq!(told, format!("200 OK\n{common}{origin}{rest}"));

    let evil = wish("https://evil.example");
    let told = answer(default(), Method::OPTIONS, CHANGE, &evil).await;
    assert_eq!(told, format!("400 Disallowed CORS origin\n{common}{rest}"));
}

#[actix_web::test]
async fn a_star_lets_all_pages_in_without_credentials() {
    let evil = &[("origin", "https://evil.example")];
    let allowed = answer(allowing(None, &["*"]), Method::POST, CHANGE, evil).await;
    assert!(allowed.starts_with("200 "), "{allowed}");
    assert!(
        allowed.contains("access-control-allow-origin: *"),
        "{allowed}"
    );
    assert!(!allowed.contains("credentials"), "{allowed}");
}

#[actix_web::test]
async fn nothing_is_checked_where_that_was_asked_for() {
    let evil = &[("host", "evil.example"), ("origin", "https://evil.example")];
    let allowed = answer(None, Method::POST, CHANGE, evil).await;
    assert_eq!(allowed, "200 {\"status\":\"disabled\"}");
}
