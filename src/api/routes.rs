//! The table of routes: filled by the router's page, handed to actix-web once it is complete.

use std::collections::BTreeMap;
use std::convert::identity;
use std::future::Future;

use actix_web::guard as method_guard;
use actix_web::http::Method;
use actix_web::http::header::{Allow, ContentType};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, Scope,
};

use super::endpoints::{NotYet, with_rest};
use super::guard;
use super::message::Message;
use super::permit::Permit;
use super::slashes;
use super::warnings::Changed;
use crate::access::Access;
use crate::audit::Actor;
use crate::error::{Error, ErrorCode, Result};
use crate::lifecycle::Done;
use crate::wire::list_writer::JsonChunks;
use crate::wire::request::Request;

/// How many parts of a path choose the scope in which the rest of it is looked up, so that a request
/// is compared with the routes of its area and not with all there are.
const SCOPE_DEPTH: usize = 4;

/// The routes of the server.
pub struct Routes {
    /// What the path of an API's route may begin with.
    prefixes: &'static [&'static str],
    /// Sorted, so that `search` is tried before `{model_id}`.
    by_path: BTreeMap<String, Vec<GuardedRoute>>,
}

/// A route with who may call it.
struct GuardedRoute {
    method: Method,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the table of rights is read by tests")
    )]
    access: Access,
    route: Route,
}

impl Routes {
    /// A table without routes. Those of APIs will stand in it once for each prefix.
    pub fn under(prefixes: &'static [&'static str]) -> Self {
        Self {
            prefixes,
            by_path: BTreeMap::new(),
        }
    }

    /// Adds a handler under all routes of its request. Who may call it stands in the .proto file, as for the two below.
    pub fn add<R, H, F>(&mut self, handler: H)
    where
        R: Request,
        H: Fn(Permit, R) -> F + Clone + 'static,
        F: Future<Output = Result<R::Response>> + 'static,
    {
        self.add_request::<R, _, _, _, _>(handler, Json);
    }

    /// Adds a handler whose reply is too long to be a message first: it writes the message's JSON itself.
    pub fn add_written<R, H, F>(&mut self, handler: H)
    where
        R: Request,
        H: Fn(Permit, R) -> F + Clone + 'static,
        F: Future<Output = Result<JsonChunks>> + 'static,
    {
        self.add_request::<R, _, _, _, _>(handler, identity);
    }

    /// Adds a handler that changes a model's life: it is told who asks, and what policies have against
    /// the change goes into headers of the reply.
    pub fn add_change<R, H, F>(&mut self, handler: H)
    where
        R: Request,
        H: Fn(Permit, Actor, R) -> F + Clone + 'static,
        F: Future<Output = Result<Done<R::Response>>> + 'static,
    {
        self.add_guarded::<R, _, _>(move |guarded: Permit, actor: Actor, message: Message<R>| {
            let handler = handler.clone();
            async move {
                let permit = guarded.for_message(&message.0)?;
                let reply = handler(permit.clone(), actor, message.0).await?;
                permit.check_settled()?;
                Ok::<_, Error>(Changed(reply))
            }
        });
    }

    /// Adds a handler that gets the permit for its message, and whose reply is made into an answer.
    fn add_request<R, H, F, T, A>(&mut self, handler: H, answer: fn(T) -> A)
    where
        R: Request,
        H: Fn(Permit, R) -> F + Clone + 'static,
        F: Future<Output = Result<T>> + 'static,
        T: 'static,
        A: Responder + 'static,
    {
        self.add_guarded::<R, _, _>(move |guarded: Permit, message: Message<R>| {
            let handler = handler.clone();
            async move {
                let permit = guarded.for_message(&message.0)?;
                let reply = handler(permit.clone(), message.0).await?;
                permit.check_settled()?;
                Ok::<_, Error>(answer(reply))
            }
        });
    }

    /// Adds a handler under each path and method that the .proto files give a request.
    fn add_guarded<R, H, Arguments>(&mut self, handler: H)
    where
        R: Request,
        H: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        for route in R::ROUTES {
            let method = Method::from_bytes(route.method.as_bytes()).unwrap_or(Method::POST);
            for prefix in self.prefixes {
                let added = NewRoute {
                    method: method.clone(),
                    path: route.full_path(prefix),
                    access: Access::Needs(R::NEEDS),
                    // What the message names is known once it is read.
                    at_the_door: Access::User,
                };
                self.insert(added, handler.clone());
            }
        }
    }

    /// Adds a handler of actix-web's kind under one path of an API: once for each prefix.
    pub fn api<H, Arguments>(&mut self, method: Method, path: &str, access: Access, handler: H)
    where
        H: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        for prefix in self.prefixes {
            let path = format!("{prefix}{path}");
            self.at(method.clone(), &path, access, handler.clone());
        }
    }

    /// Adds a handler of actix-web's kind under one route, for what is not a message of MLflow.
    pub fn at<H, Arguments>(&mut self, method: Method, path: &str, access: Access, handler: H)
    where
        H: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let added = NewRoute {
            method,
            path: path.to_owned(),
            access,
            at_the_door: access,
        };
        self.insert(added, handler);
    }

    fn insert<H, Arguments>(&mut self, added: NewRoute, handler: H)
    where
        H: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let NewRoute {
            method,
            path,
            access,
            at_the_door,
        } = added;
        // Whoever may GET may ask for the head alone.
        let route = if method == Method::GET {
            web::route().guard(method_guard::Any(method_guard::Get()).or(method_guard::Head()))
        } else {
            web::method(method.clone())
        };
        self.by_path.entry(path).or_default().push(GuardedRoute {
            method,
            access,
            route: guarded(route.to(handler), at_the_door),
        });
    }

    /// Each route with its method, and who may call it.
    #[cfg(test)]
    pub fn list(&self) -> impl Iterator<Item = (&Method, &str, Access)> {
        self.by_path.iter().flat_map(|(path, routes)| {
            routes
                .iter()
                .map(move |route| (&route.method, path.as_str(), route.access))
        })
    }

    /// Hands the routes over, under a path that may be empty. What none of them answers is refused, in
    /// other words where MLflow would answer it.
    pub fn register(
        self,
        config: &mut ServiceConfig,
        static_prefix: &str,
        not_yet: &'static NotYet,
    ) {
        let refusals = Refusals {
            static_prefix: static_prefix.to_owned(),
            not_yet,
        };
        let mut scopes: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
        for (path, routes) in self.by_path {
            let path = format!("{static_prefix}{}", with_rest(&path));
            let (scope, rest) = split(&path, static_prefix);
            let resource = resource(rest, routes, &refusals);
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
        config.default_service(refusals.route(Vec::new()));
    }
}

/// A route that is added.
struct NewRoute {
    method: Method,
    path: String,
    /// Who may call it.
    access: Access,
    /// What of that is decided before a message is read.
    at_the_door: Access,
}

/// Puts the guard before a route. What everybody may call needs none.
fn guarded(route: Route, access: Access) -> Route {
    if access == Access::Public {
        return route;
    }
    route.wrap(from_fn(move |request, next| {
        guard::guard(access, request, next)
    }))
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
fn resource(path: &str, routes: Vec<GuardedRoute>, refusals: &Refusals) -> Resource {
    let mut allowed = Vec::new();
    let mut resource = web::resource(path);
    for GuardedRoute { method, route, .. } in routes {
        if method == Method::GET {
            allowed.push(Method::HEAD);
        }
        allowed.push(method);
        resource = resource.route(route);
    }
    resource.default_service(refusals.route(allowed))
}

/// What says why a request has no answer here.
#[derive(Clone)]
struct Refusals {
    static_prefix: String,
    /// What MLflow would answer.
    not_yet: &'static NotYet,
}

impl Refusals {
    /// The route of what no other route takes. `allowed` are the methods of its path, if it is known.
    fn route(&self, mut allowed: Vec<Method>) -> Route {
        if !allowed.is_empty() {
            allowed.push(Method::OPTIONS);
        }
        let refusals = self.clone();
        // Who has not logged in does not learn which paths there are.
        let route = web::to(move |request: HttpRequest| {
            let reply = refusals.answer(&request, &allowed);
            async move { reply }
        });
        guarded(route, Access::User)
    }

    /// Says that MLflow would answer a request and flowkeep does not yet, that nobody knows its path, or
    /// that its method is not among those that are allowed.
    fn answer(&self, request: &HttpRequest, allowed: &[Method]) -> Result<HttpResponse> {
        let (method, path) = (request.method(), request.path());
        let own_path = path.strip_prefix(&self.static_prefix).unwrap_or_default();
        if allowed.is_empty()
            && let Some(redirection) = slashes::redirection(request)
        {
            return Ok(redirection);
        }
        if let Some(missing) = self.not_yet.find(method, own_path) {
            missing.tell();
            let message = format!("flowkeep does not have {method} {path} yet.");
            return Err(Error::new(ErrorCode::NotImplemented, message));
        }
        if allowed.is_empty() {
            let message = format!("There is no {method} {path} on this server.");
            return Err(Error::new(ErrorCode::EndpointNotFound, message));
        }
        Ok(options_or_refusal(request, allowed))
    }
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
