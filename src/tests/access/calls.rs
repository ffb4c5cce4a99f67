//! Each route is called by each kind of caller, and compared with the table of what it needs.

use std::collections::HashMap;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;

use super::super::harness::Reply;
use super::world::{World, admin, user};
use crate::access::needs::{Action, Need, Resource};
use crate::access::{Access, Caller, Permission};
use crate::api::route_table;

/// A call for each route: method, path, query and body.
const CALLS: &str = include_str!("calls.txt");

/// What a caller is granted on all experiments, registered models and prompts.
fn with(level: Permission) -> Caller {
    let kinds = ["experiment", "registered_model", "prompt"];
    user("somebody", &kinds.map(|kind| (kind, "*", level)))
}

/// Whether a caller with one permission on everything may have what a route needs.
fn expected(access: Access, level: Permission) -> bool {
    let Access::Needs(needs) = access else {
        return true;
    };
    needs.iter().all(|need| match need.action {
        Action::List => true,
        Action::Administer => false,
        // What is new in the server asks for no right to anything that is there.
        Action::Create if makes_container(need) => level != Permission::Deny,
        Action::Read => level.can_read(),
        Action::Create | Action::Update | Action::Rename => level.can_update(),
        Action::Delete | Action::Manage => level.can_manage(),
    })
}

fn makes_container(need: &Need) -> bool {
    matches!(
        need.resource,
        Resource::Experiment | Resource::RegisteredModel
    )
}

/// Whether the server said that the caller may not.
fn is_refused(reply: &Reply) -> bool {
    reply.status == 401 || (reply.status == 403 && reply.text() == "Permission denied")
}

struct Call<'a> {
    query: &'a str,
    body: &'a str,
}

fn calls() -> HashMap<String, Call<'static>> {
    let lines = CALLS.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut parts = line.splitn(3, ' ');
            let route = format!("{} {}", parts.next().unwrap(), parts.next().unwrap());
            let rest = parts.next().unwrap_or_default();
            let (query, body) = match rest.split_once(' ') {
                Some((query, body)) if query.starts_with('?') => (query, body),
                None if rest.starts_with('?') => (rest, ""),
                _ => ("", rest),
            };
            (route, Call { query, body })
        })
        .collect()
}

impl World {
    /// Puts what there is in the places of a text.
    fn fill(&mut self, text: &str) -> String {
        let new = self.new_name();
        text.replace("$new", &new)
            .replace("$experiment_name", &self.experiment_name())
            .replace("$experiment", &self.experiment)
            .replace("$run", &self.run)
            .replace("$model_id", &self.model_id)
            .replace("$name", &self.name)
            .replace("$now", "2100-01-01T00:00:00Z")
    }

    fn path(&mut self, route: &str) -> String {
        let file = format!("{}/{}/artifacts/file.txt", self.experiment, self.run);
        let mut path = String::new();
        let mut rest = route;
        while let Some((before, after)) = rest.split_once('{') {
            let (parameter, behind) = after.split_once('}').unwrap();
            path.push_str(before);
            path.push_str(match parameter.split(':').next().unwrap() {
                "model_id" => &self.model_id,
                "name" => &self.name,
                "version" | "hold" => "1",
                "artifact_path" => &file,
                "webhook_id" | "tag_key" | "path" => "x",
                other => panic!("{other}"),
            });
            rest = behind;
        }
        path + rest
    }

    async fn call(&mut self, route: &str, call: &Call<'_>, caller: Option<&Caller>) -> Reply {
        let (method, path) = route.split_once(' ').unwrap();
        let address = self.path(path) + &self.fill(call.query);
        let mut request = TestRequest::with_uri(&address).method(method.parse::<Method>().unwrap());
        let body = self.fill(call.body);
        if body.starts_with('{') {
            request = request.insert_header((CONTENT_TYPE, "application/json"));
        }
        request = request.set_payload(body);
        match caller {
            Some(caller) => self.app.send_as(caller, request).await,
            None => self.app.send(request).await,
        }
    }
}

/// The route as the calls have it: without the prefix that clients use.
fn bare(route: &str) -> String {
    let path = route.replacen(" /api/", " /", 1);
    regex::Regex::new(r":[^}]*\}")
        .unwrap()
        .replace_all(&path, "}")
        .into_owned()
}

#[actix_web::test]
async fn each_caller_may_what_the_table_says() {
    let calls = calls();
    let routes: Vec<(String, Access)> = route_table()
        .into_iter()
        .filter(|(route, _)| {
            // Below the other prefix is the same, as another test sees to.
            !route.contains(" /ajax-api/") || calls.contains_key(&bare(route))
        })
        .collect();
    let missing: Vec<String> = routes
        .iter()
        .map(|(route, _)| bare(route))
        .filter(|route| !calls.contains_key(route))
        .collect();
    assert!(missing.is_empty(), "calls.txt has no call of {missing:#?}");

    let levels = [
        Permission::Read,
        Permission::Use,
        Permission::Edit,
        Permission::Manage,
        Permission::Deny,
    ];
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for (route, access) in &routes {
        let call = &calls[&bare(route)];
        for level in levels {
            let reply = world.call(route, call, Some(&with(level))).await;
            let is_broken = reply.status >= 500 && reply.status != 501;
            if is_refused(&reply) == expected(*access, level) || is_broken {
                wrong.push(format!("{level} {route} ({access}): {}", shown(&reply)));
            }
            if reply.status == 200 && destroys(*access) {
                world.make().await;
            }
        }
        let reply = world.call(route, call, Some(&admin())).await;
        if is_refused(&reply) || (reply.status >= 500 && reply.status != 501) {
            wrong.push(format!("admin {route}: {}", shown(&reply)));
        }
        if destroys(*access) {
            world.make().await;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn shown(reply: &Reply) -> String {
    format!("{} {}", reply.status, reply.text())
}

fn destroys(access: Access) -> bool {
    let Access::Needs(needs) = access else {
        return false;
    };
    needs.iter().any(|need| {
        matches!(
            need.action,
            Action::Delete | Action::Manage | Action::Rename
        )
    })
}
