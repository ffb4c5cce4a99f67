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

/// Adds all routes.
pub fn add_routes(routes: &mut Routes) {
    routes.at(Method::GET, "/signup", signup::page);
    routes.at(
        Method::POST,
        "/api/2.0/mlflow/users/create-ui",
        signup::create,
    );

    let users = |rest: &str| format!("/2.0/mlflow/users/{rest}");
    routes.api(Method::POST, &users("create"), users::create);
    routes.api(Method::GET, &users("get"), users::get);
    routes.api(Method::GET, &users("list"), users::list);
    routes.api(Method::GET, &users("current"), users::current);
    routes.api(
        Method::PATCH,
        &users("update-password"),
        users::update_password,
    );
    routes.api(Method::PATCH, &users("update-admin"), users::update_admin);
    routes.api(Method::DELETE, &users("delete"), users::delete);

    let users = |rest: &str| format!("/3.0/mlflow/users/{rest}");
    routes.api(
        Method::GET,
        &users("current/permissions"),
        user_permissions::current,
    );
    routes.api(
        Method::GET,
        &users("permissions/list"),
        user_permissions::list,
    );
    routes.api(
        Method::POST,
        &users("permissions/grant"),
        user_permissions::grant,
    );
    routes.api(
        Method::POST,
        &users("permissions/revoke"),
        user_permissions::revoke,
    );
    routes.api(
        Method::GET,
        &users("permissions/get"),
        user_permissions::get,
    );
    routes.api(Method::GET, &users("roles/list"), roles::of_user);

    let roles = |rest: &str| format!("/3.0/mlflow/roles/{rest}");
    routes.api(Method::POST, &roles("create"), roles::create);
    routes.api(Method::GET, &roles("get"), roles::get);
    routes.api(Method::GET, &roles("list"), roles::list);
    routes.api(Method::PATCH, &roles("update"), roles::update);
    routes.api(Method::DELETE, &roles("delete"), roles::delete);
    routes.api(Method::POST, &roles("assign"), roles::assign);
    routes.api(Method::DELETE, &roles("unassign"), roles::unassign);
    routes.api(Method::GET, &roles("users/list"), roles::users);
    routes.api(
        Method::POST,
        &roles("permissions/add"),
        role_permissions::add,
    );
    routes.api(
        Method::DELETE,
        &roles("permissions/remove"),
        role_permissions::remove,
    );
    routes.api(
        Method::GET,
        &roles("permissions/list"),
        role_permissions::list,
    );
    routes.api(
        Method::PATCH,
        &roles("permissions/update"),
        role_permissions::update,
    );

    for (area, kind) in legacy_permissions::AREAS {
        let path = |rest: &str| format!("/2.0/mlflow/{area}/permissions/{rest}");
        let create =
            move |account, parameters| legacy_permissions::create(kind, account, parameters);
        routes.api(Method::POST, &path("create"), create);
        let get = move |account, parameters| legacy_permissions::get(kind, account, parameters);
        routes.api(Method::GET, &path("get"), get);
        let update =
            move |account, parameters| legacy_permissions::update(kind, account, parameters);
        routes.api(Method::PATCH, &path("update"), update);
        let delete =
            move |account, parameters| legacy_permissions::delete(kind, account, parameters);
        routes.api(Method::DELETE, &path("delete"), delete);
    }
}
