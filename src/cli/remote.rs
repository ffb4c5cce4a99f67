//! A client for flowkeep's own API, for the commands that work on a server.

use std::time::Duration;

use clap::Args;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::config::ClientSecrets;

const API: &str = "api/1.0/flowkeep";
const POLICIES: &str = "policies";

/// The timeout for results that the server computes while the client waits: one day.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// The flags for the server and the user.
#[derive(Args)]
pub struct RemoteFlags {
    /// The URL of the server
    #[arg(
        long,
        env = "MLFLOW_TRACKING_URI",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    url: String,

    /// The user name, as for the MLflow client
    #[arg(long, env = "MLFLOW_TRACKING_USERNAME", value_name = "NAME")]
    username: Option<String>,
}

/// A connection to flowkeep's own API on a server.
pub struct Remote {
    url: Url,
    username: Option<String>,
    runtime: Runtime,
    client: Client,
}

/// A policy that is in force.
#[derive(Deserialize)]
pub struct InForce {
    /// The SHA-256 digest of the policy's content, without comments and layout.
    pub hash: String,
    /// The YAML text.
    pub text: String,
}

#[derive(Deserialize)]
struct PolicyList {
    policies: Vec<InForce>,
}

/// The result for a policy that was sent.
#[derive(Deserialize)]
pub struct Applied {
    /// The name of the policy.
    pub name: String,
    /// Whether the request changed the policy in force.
    pub changed: bool,
}

#[derive(Deserialize)]
struct AppliedList {
    policies: Vec<Applied>,
}

#[derive(Deserialize)]
struct Refusal {
    error_code: String,
    message: String,
}

/// A request to flowkeep's own API.
pub struct Call<'a> {
    /// The HTTP method.
    pub method: Method,
    /// The segments of the path below the API's root, not encoded.
    pub path: &'a [String],
    /// The names and values of the query.
    pub query: &'a [(&'a str, &'a str)],
    /// The JSON body, if there is one.
    pub body: Option<Value>,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

impl RemoteFlags {
    /// Prepares the connection, without sending anything. Fails if the URL is not an HTTP URL.
    pub fn connect(self) -> Result<Remote> {
        let mut url = Url::parse(&self.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| format!("'{}' is not the address of a server.", self.url))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        // The call fails if the process already has a provider, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Remote {
            url,
            username: self.username,
            runtime: Builder::new_current_thread().enable_all().build()?,
            client: Client::builder().timeout(Duration::from_secs(60)).build()?,
        })
    }
}

impl Remote {
    /// Returns the policies that are in force.
    pub fn list(&self) -> Result<Vec<InForce>> {
        let reply = self.send(self.request(Method::GET, None)?)?;
        Ok(reply.parse::<PolicyList>()?.policies)
    }

    /// Returns the policy with a name, if it is in force.
    pub fn get(&self, name: &str) -> Result<Option<InForce>> {
        let reply = self.send(self.request(Method::GET, Some(name))?)?;
        if reply.is_missing_policy() {
            return Ok(None);
        }
        Ok(reply.parse::<PolicyList>()?.policies.pop())
    }

    /// Puts all policies of a YAML text in force, or none of them. Fails if one is invalid.
    pub fn put(&self, text: String) -> Result<Vec<Applied>> {
        let request = self
            .request(Method::PUT, None)?
            .header(CONTENT_TYPE, "application/yaml")
            .body(text);
        Ok(self.send(request)?.parse::<AppliedList>()?.policies)
    }

    /// Takes a policy out of force. Fails if it is not in force.
    pub fn delete(&self, name: &str) -> Result<()> {
        let request = self.request(Method::DELETE, Some(name))?;
        self.send(request)?.check()
    }

    /// Sends a request and returns the JSON of the reply. Fails if the server refuses it.
    pub fn call(&self, call: &Call) -> Result<Value> {
        let mut url = self.address(call.path)?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        let mut request = self.identified(self.client.request(call.method.clone(), url));
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        self.send(request)?.parse()
    }

    /// Calls `show` for each element of a paged list.
    pub fn each_page(
        &self,
        path: &[String],
        query: &[(&str, &str)],
        list: &str,
        mut show: impl FnMut(&Value),
    ) -> Result<()> {
        let mut token: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            if let Some(token) = &token {
                query.push(("page_token", token));
            }
            let page = self.call(&Call {
                method: Method::GET,
                path,
                query: &query,
                body: None,
            })?;
            page[list]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(&mut show);
            match page["next_page_token"].as_str() {
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(()),
            }
        }
    }

    fn request(&self, method: Method, name: Option<&str>) -> Result<RequestBuilder> {
        let mut url = self.address(&[POLICIES])?;
        if let Some(name) = name {
            url.query_pairs_mut().append_pair("name", name);
        }
        Ok(self.identified(self.client.request(method, url)))
    }

    /// Returns the reply at a path, with a long timeout, for results that take time to compute.
    pub fn look_up<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T> {
        let request = self
            .client
            .get(self.address(path)?)
            .timeout(LOOK_UP_TIMEOUT);
        self.send(self.identified(request))?.parse()
    }

    /// Returns the URL of a path. Its segments can contain any character.
    fn address(&self, path: &[impl AsRef<str>]) -> Result<Url> {
        let mut url = self.url.join(API)?;
        url.path_segments_mut()
            .map_err(|()| "The address of the server has no path.")?
            .extend(path.iter().map(AsRef::as_ref));
        Ok(url)
    }

    /// Adds the credentials to a request, as the MLflow client does.
    fn identified(&self, request: RequestBuilder) -> RequestBuilder {
        let secrets = ClientSecrets::from_environment();
        match (&self.username, secrets.token) {
            (Some(name), _) => request.basic_auth(name, secrets.password),
            (None, Some(token)) => request.bearer_auth(token),
            (None, None) => request,
        }
    }

    fn send(&self, request: RequestBuilder) -> Result<Reply> {
        self.runtime.block_on(async {
            let reply = request
                .send()
                .await
                .map_err(|error| format!("{} does not answer: {}", self.url, reason(&error)))?;
            Ok(Reply {
                status: reply.status(),
                body: reply.text().await?,
            })
        })
    }
}

struct Reply {
    status: StatusCode,
    body: String,
}

impl Reply {
    /// Returns whether the reply says that a policy does not exist. A server without this API
    /// answers 404 without this error code.
    fn is_missing_policy(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
            && serde_json::from_str::<Refusal>(&self.body)
                .is_ok_and(|refusal| refusal.error_code == "RESOURCE_DOES_NOT_EXIST")
    }

    fn check(&self) -> Result<()> {
        if self.status.is_success() {
            return Ok(());
        }
        Err(match serde_json::from_str::<Refusal>(&self.body) {
            Ok(refusal) => refusal.message.into(),
            Err(_) => format!("The server answered {}: is it flowkeep?", self.status).into(),
        })
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        self.check()?;
        serde_json::from_str(&self.body)
            .map_err(|error| format!("The server's answer is not understood: {error}").into())
    }
}

/// Returns the innermost cause of an error, which is the most specific one.
pub fn reason(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
