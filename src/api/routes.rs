//! The table of routes: filled by the router's page, handed to actix-web once it is complete.

use std::collections::BTreeMap;
use std::future::Future;

use actix_web::guard;
use actix_web::http::Method;
use actix_web::http::header::{Allow, ContentType};
use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, Scope,
};

use super::State;
use super::endpoints;
use super::message::Message;
use crate::audit::Actor;
use crate::error::{Error, ErrorCode, Result};
use crate::lifecycle::Done;
use crate::wire::list::Written;
use crate::wire::request::Request;

/// The stock UI calls the same API under a prefix of its own.
pub const API_PREFIXES: [&str; 2] = ["/api", "/ajax-api"];

/// How many parts of a path choose the scope in which the rest of it is looked up, so that a request
/// is compared with the routes of its area and not with all there are.
const SCOPE_DEPTH: usize = 4;

#[derive(Default)]
pub struct Routes {
    /// Sorted, so that `search` is tried before `{model_id}`.
    by_path: BTreeMap<String, Vec<(Method, Route)>>,
}

impl Routes {
    /// Adds a handler under all routes of its request. Who may call it: every user of the server.
    pub fn add<R, H, F>(&mut self, handler: H)
    where
        R: Request,
        H: Fn(Data<State>, R) -> F + Clone + 'static,
        F: Future<Output = Result<R::Response>> + 'static,
    {
        for prefix in API_PREFIXES {
            for route in R::ROUTES {
                let handler = handler.clone();
                let method = Method::from_bytes(route.method.as_bytes()).unwrap_or(Method::POST);
                self.at(
                    method,
                    &route.full_path(prefix),
                    move |state: Data<State>, message: Message<R>| {
                        let reply = handler(state, message.0);
                        async move { Ok::<_, Error>(Json(reply.await?)) }
                    },
                );
            }
        }
    }

    /// Adds a handler whose reply is too long to be a message first: it writes the message's JSON itself.
    /// Who may call it: every user of the server.
    pub fn add_written<R, H, F>(&mut self, handler: H)
    where
        R: Request,
        H: Fn(Data<State>, R) -> F + Clone + 'static,
        F: Future<Output = Result<Written>> + 'static,
    {
        for prefix in API_PREFIXES {
            for route in R::ROUTES {
                let handler = handler.clone();
                let method = Method::from_bytes(route.method.as_bytes()).unwrap_or(Method::POST);
                self.at(
                    method,
                    &route.full_path(prefix),
                    move |state: Data<State>, message: Message<R>| handler(state, message.0),
                );
            }
        }
    }

    /// Adds a handler that changes a model's life: it is told who asks, and what policies have against
    /// the change goes into headers of the reply. Who may call it: every user of the server.
    pub fn add_change<R, H, F>(&mut self, handler: H)
    where
        R: Request,
        H: Fn(Data<State>, Actor, R) -> F + Clone + 'static,
        F: Future<Output = Result<Done<R::Response>>> + 'static,
    {
        for prefix in API_PREFIXES {
            for route in R::ROUTES {
                let handler = handler.clone();
                let method = Method::from_bytes(route.method.as_bytes()).unwrap_or(Method::POST);
                self.at(
                    method,
                    &route.full_path(prefix),
                    move |state: Data<State>, actor: Actor, message: Message<R>| {
                        let reply = handler(state, actor, message.0);
                        async move { Ok::<_, Error>(with_warnings(reply.await?)) }
                    },
                );
            }
        }
    }

    /// Adds a handler of actix-web's kind under one route, for what is not a message of MLflow.
    pub fn at<H, Arguments>(&mut self, method: Method, path: &str, handler: H)
    where
        H: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        // Whoever may GET may ask for the head alone.
        let route = if method == Method::GET {
            web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            web::method(method.clone())
        };
        let routes = self.by_path.entry(path.to_owned()).or_default();
        routes.push((method, route.to(handler)));
    }

    /// Each route with its method.
    #[cfg(test)]
    pub fn list(&self) -> impl Iterator<Item = (&Method, &str)> {
        self.by_path.iter().flat_map(|(path, routes)| {
            routes
                .iter()
                .map(move |(method, _)| (method, path.as_str()))
        })
    }

    /// Hands the routes over, under a path that may be empty.
    pub fn register(self, config: &mut ServiceConfig, static_prefix: &str) {
        let mut scopes: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
        for (path, routes) in self.by_path {
            let path = format!("{static_prefix}{path}");
            let (scope, rest) = split(&path, static_prefix);
            let resource = resource(rest, routes, static_prefix);
            if scope.is_empty() {
                config.service(resource);
            } else {
                scopes.entry(scope.to_owned()).or_default().push(resource);
            }
        }
        for (path, resources) in scopes {
            let scope = web::scope(&path);
            config.service(resources.into_iter().fold(scope, Scope::service));
        }
        config.default_service(unanswered(static_prefix, Vec::new()));
    }
}

/// The header that says what policies which only warn have against a change that was made.
pub const WARNING: &str = "Flowkeep-Warning";
/// More than clients take in a header helps nobody; history has all of it.
const LONGEST_WARNING: usize = 4_000;

pub fn with_warnings<T: serde::Serialize>(done: Done<T>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for warning in done.warnings {
        let line: String = warning
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(LONGEST_WARNING)
            .map(|letter| if letter.is_ascii() { letter } else { '?' })
            .collect();
        response.append_header((WARNING, line));
    }
    response.json(done.value)
}

/// The scope of a path and the rest of it. Short paths have no scope.
fn split<'a>(path: &'a str, static_prefix: &str) -> (&'a str, &'a str) {
    let own = &path[static_prefix.len()..];
    match own.match_indices('/').nth(SCOPE_DEPTH) {
        Some((end, _)) => path.split_at(static_prefix.len() + end),
        None if own.matches('/').count() == SCOPE_DEPTH => (path, ""),
        None => ("", path),
    }
}

/// All methods of one path, so that another method is told which ones there are.
fn resource(path: &str, routes: Vec<(Method, Route)>, static_prefix: &str) -> Resource {
    let mut allowed = Vec::new();
    let mut resource = web::resource(path);
    for (method, route) in routes {
        if method == Method::GET {
            allowed.push(Method::HEAD);
        }
        allowed.push(method);
        resource = resource.route(route);
    }
    resource.default_service(unanswered(static_prefix, allowed))
}

/// Says why a request has no answer here: its method is not among those that are allowed, MLflow
/// would answer it and flowkeep does not yet, or nobody knows the path.
fn unanswered(static_prefix: &str, mut allowed: Vec<Method>) -> Route {
    let static_prefix = static_prefix.to_owned();
    if !allowed.is_empty() {
        allowed.push(Method::OPTIONS);
    }
    web::to(move |request: HttpRequest| {
        let path = request.path().strip_prefix(&static_prefix);
        let reply = if endpoints::is_not_yet(request.method(), path.unwrap_or_default()) {
            Err(Error::new(
                ErrorCode::NotImplemented,
                format!(
                    "flowkeep does not have {} {} yet.",
                    request.method(),
                    request.path()
                ),
            ))
        } else if allowed.is_empty() {
            Err(Error::new(
                ErrorCode::EndpointNotFound,
                format!(
                    "There is no {} {} on this server.",
                    request.method(),
                    request.path()
                ),
            ))
        } else {
            Ok(options_or_refusal(&request, &allowed))
        };
        async move { reply }
    })
}

fn options_or_refusal(request: &HttpRequest, allowed: &[Method]) -> HttpResponse {
    let mut response = if request.method() == Method::OPTIONS {
        HttpResponse::NoContent()
    } else {
        HttpResponse::MethodNotAllowed()
    };
    response.insert_header(Allow(allowed.to_vec()));
    if request.method() == Method::OPTIONS {
        return response.finish();
    }
    response
        .content_type(ContentType::plaintext())
        .body("The method is not allowed for the requested URL.")
}
