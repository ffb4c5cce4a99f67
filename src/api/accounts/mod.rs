//! MLflow's API for users, their roles and what those grant. It is there on servers with logins only; on others its paths
//! are unknown, by which the UI and clients know that there are no users.
//!
//! Who may do what is decided here, in the transaction of the work: it depends on the role or the user that is named.

mod account;
mod json;
mod legacy_permissions;
mod parameters;
mod refusal;
mod role_permissions;
mod roles;
mod signup;
mod user_permissions;
mod users;

use actix_web::http::Method;

use super::routes::Routes;
use crate::access::Access::User;

/// Adds all routes.
pub fn add_routes(routes: &mut Routes) {
    routes.at(Method::GET, "/signup", User, signup::page);
    routes.at(
        Method::POST,
        "/api/2.0/mlflow/users/create-ui",
        User,
        signup::create,
    );

    let users = |rest: &str| format!("/2.0/mlflow/users/{rest}");
    routes.api(Method::POST, &users("create"), User, users::create);
    routes.api(Method::GET, &users("get"), User, users::get);
    routes.api(Method::GET, &users("list"), User, users::list);
    routes.api(Method::GET, &users("current"), User, users::current);
    routes.api(
        Method::PATCH,
        &users("update-password"),
        User,
        users::update_password,
    );
    routes.api(
        Method::PATCH,
        &users("update-admin"),
        User,
        users::update_admin,
    );
    routes.api(Method::DELETE, &users("delete"), User, users::delete);

    let users = |rest: &str| format!("/3.0/mlflow/users/{rest}");
    routes.api(
        Method::GET,
        &users("current/permissions"),
        User,
        user_permissions::current,
    );
    routes.api(
        Method::GET,
        &users("permissions/list"),
        User,
        user_permissions::list,
    );
    routes.api(
        Method::POST,
        &users("permissions/grant"),
        User,
        user_permissions::grant,
    );
    routes.api(
        Method::POST,
        &users("permissions/revoke"),
        User,
        user_permissions::revoke,
    );
    routes.api(
        Method::GET,
        &users("permissions/get"),
        User,
        user_permissions::get,
    );
    routes.api(Method::GET, &users("roles/list"), User, roles::of_user);

    role_routes(routes);
    legacy_routes(routes);
}

/// Roles, their permissions and who has them.
fn role_routes(routes: &mut Routes) {
    let roles = |rest: &str| format!("/3.0/mlflow/roles/{rest}");
    routes.api(Method::POST, &roles("create"), User, roles::create);
    routes.api(Method::GET, &roles("get"), User, roles::get);
    routes.api(Method::GET, &roles("list"), User, roles::list);
    routes.api(Method::PATCH, &roles("update"), User, roles::update);
    routes.api(Method::DELETE, &roles("delete"), User, roles::delete);
    routes.api(Method::POST, &roles("assign"), User, roles::assign);
    routes.api(Method::DELETE, &roles("unassign"), User, roles::unassign);
    routes.api(Method::GET, &roles("users/list"), User, roles::users);
    routes.api(
        Method::POST,
        &roles("permissions/add"),
        User,
        role_permissions::add,
    );
    routes.api(
        Method::DELETE,
        &roles("permissions/remove"),
        User,
        role_permissions::remove,
    );
    routes.api(
        Method::GET,
        &roles("permissions/list"),
        User,
        role_permissions::list,
    );
    routes.api(
        Method::PATCH,
        &roles("permissions/update"),
        User,
        role_permissions::update,
    );
}

/// What clients up to MLflow 2.22 know.
fn legacy_routes(routes: &mut Routes) {
    for (area, kind) in legacy_permissions::AREAS {
        let path = |rest: &str| format!("/2.0/mlflow/{area}/permissions/{rest}");
        let create =
            move |account, parameters| legacy_permissions::create(kind, account, parameters);
        routes.api(Method::POST, &path("create"), User, create);
        let get = move |account, parameters| legacy_permissions::get(kind, account, parameters);
        routes.api(Method::GET, &path("get"), User, get);
        let update =
            move |account, parameters| legacy_permissions::update(kind, account, parameters);
        routes.api(Method::PATCH, &path("update"), User, update);
        let delete =
            move |account, parameters| legacy_permissions::delete(kind, account, parameters);
        routes.api(Method::DELETE, &path("delete"), User, delete);
    }
}
