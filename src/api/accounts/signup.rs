//! The page on which an admin adds a user in a browser.

use actix_web::HttpResponse;
use actix_web::web::{Form, Html};
use actix_web::{HttpRequest, Responder};
use serde::Deserialize;

use super::account::Account;
use super::refusal::{Refusal, Result};
use crate::access::passwords;
use crate::store::auth::users;

const PAGE: &str = include_str!("signup.html");

/// How long a form may lie before it is sent.
const FORM_LIFETIME_MS: i64 = 60 * 60 * 1000;

/// Sends the form. Its token proves that a form which is sent back was made by this server for this user.
pub async fn page(account: Account, http: HttpRequest) -> Result<HttpResponse> {
    if !account.user.is_admin && account.user.grants.administered().next().is_none() {
        return Err(Refusal::Denied);
    }
    let expires_ms = account.now_ms + FORM_LIFETIME_MS;
    let token = account.logins.form_token(&account.user.name, expires_ms);
    let page = PAGE.replace("{{token}}", &token);
    Ok(Html::new(page).respond_to(&http).map_into_boxed_body())
}

/// What the form sends.
#[derive(Deserialize)]
pub struct SentForm {
    #[serde(default)]
    csrf_token: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

/// Adds the user of a form.
pub async fn create(
    account: Account,
    form: Option<Form<SentForm>>,
    http: HttpRequest,
) -> Result<HttpResponse> {
    account.require_admin()?;
    let Some(Form(form)) = form else {
        return Err(Refusal::Text(
            "Invalid content type. Must be application/x-www-form-urlencoded",
        ));
    };
    if form.csrf_token.is_empty() {
        return Err(Refusal::Text("The CSRF token is missing."));
    }
    let is_ours =
        account
            .logins
            .is_form_token(&form.csrf_token, &account.user.name, account.now_ms);
    if !is_ours {
        return Err(Refusal::Text("The CSRF token is invalid."));
    }
    if form.username.is_empty() || form.password.is_empty() {
        return Err(Refusal::Text("Username and password cannot be empty."));
    }
    let hash = passwords::hash_new(&form.password).await?;
    let name = form.username.clone();
    let created = account
        .write(move |db, _| {
            if users::find(db, &name)?.is_some() {
                return Ok(Some(false));
            }
            users::create(db, &name, &hash, false)?;
            Ok(Some(true))
        })
        .await?;
    let said = if created {
        "Successfully signed up user: "
    } else {
        "Username has already been taken: "
    };
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>flowkeep</title><p>{said}{}</p><p><a href=\"../../../../signup\">\
         Add another user</a></p>",
        escaped(&form.username)
    );
    Ok(Html::new(page).respond_to(&http).map_into_boxed_body())
}

/// A text in which HTML has no meaning.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_html() {
        assert_eq!(escaped("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
