//! The policies of a server, over its API.

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

/// For answers that are worked out while the client waits: a day.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Which server is called, and as whom.
#[derive(Args)]
pub struct RemoteFlags {
    /// The server
    #[arg(
        long,
        env = "MLFLOW_TRACKING_URI",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    url: String,

    /// The user, as the MLflow client names it
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
    pub hash: String,
    pub text: String,
}

#[derive(Deserialize)]
struct List {
    policies: Vec<InForce>,
}

/// What became of a policy that was sent.
#[derive(Deserialize)]
pub struct Applied {
    pub name: String,
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
    pub method: Method,
    /// The parts of the path below its root, not encoded.
    pub path: &'a [String],
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<Value>,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

impl RemoteFlags {
    /// Prepares the connection. Fails where the address is none; nothing is sent yet.
    pub fn connect(self) -> Result<Remote> {
        let mut url = Url::parse(&self.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| format!("'{}' is not the address of a server.", self.url))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        // Only the first call in a process sets it.
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
        Ok(reply.parse::<List>()?.policies)
    }

    /// Returns the policy of a name, if one is in force.
    pub fn get(&self, name: &str) -> Result<Option<InForce>> {
        let reply = self.send(self.request(Method::GET, Some(name))?)?;
        if reply.is_missing_policy() {
            return Ok(None);
        }
        Ok(reply.parse::<List>()?.policies.pop())
    }

    /// Puts the policies of a text in force: all of them, or none.
    pub fn put(&self, text: String) -> Result<Vec<Applied>> {
        let request = self
            .request(Method::PUT, None)?
            .header(CONTENT_TYPE, "application/yaml")
            .body(text);
        Ok(self.send(request)?.parse::<AppliedList>()?.policies)
    }

    /// Takes a policy out of force.
    pub fn delete(&self, name: &str) -> Result<()> {
        let request = self.request(Method::DELETE, Some(name))?;
        self.send(request)?.check()
    }

    /// Asks for something, and gives the JSON of the answer.
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

    /// Shows each entry of a list that comes in pages.
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

    /// What the server says at a path of flowkeep's own API. It may take its time.
    pub fn look_up<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T> {
        let request = self.client.get(self.address(path)?).timeout(LONG);
        self.send(self.identified(request))?.parse()
    }

    /// The parts of a path may hold anything that names hold.
    fn address(&self, path: &[impl AsRef<str>]) -> Result<Url> {
        let mut url = self.url.join(API)?;
        url.path_segments_mut()
            .map_err(|()| "The address of the server has no path.")?
            .extend(path.iter().map(AsRef::as_ref));
        Ok(url)
    }

    /// Who asks is told as the MLflow client tells it.
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
    /// A server without this API has no JSON of this kind to say so.
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

/// The innermost reason says most.
pub fn reason(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
