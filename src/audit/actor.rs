//! Who asks for a change.

/// The most letters of a name that are kept.
const LONGEST_NAME: usize = 256;

/// Who is behind a request. A name that nobody has checked is a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The name that the server has checked.
    pub authenticated: Option<String>,
    /// The name that the client gives, unchecked.
    pub claimed: Option<String>,
    /// How the server has checked the name, such as `password`.
    pub how: Option<String>,
}

/// The name in the log of a client that was not checked.
pub const ANONYMOUS: &str = "anonymous";

impl Actor {
    /// A client that gives this name, unchecked.
    pub fn claiming(name: Option<String>) -> Self {
        Self {
            authenticated: None,
            how: None,
            claimed: name
                .filter(|name| !name.trim().is_empty())
                .map(|name| name.chars().take(LONGEST_NAME).collect()),
        }
    }

    /// The server itself, for what it does when it starts.
    pub fn server() -> Self {
        Self {
            authenticated: Some("server".to_owned()),
            claimed: None,
            how: None,
        }
    }

    /// A user whom the server has authenticated.
    pub fn authenticated(name: &str, how: String) -> Self {
        Self {
            authenticated: Some(name.to_owned()),
            claimed: None,
            how: Some(how),
        }
    }

    /// The name that the log keeps as known.
    pub fn known(&self) -> &str {
        self.authenticated.as_deref().unwrap_or(ANONYMOUS)
    }

    /// The checked name, else the claimed one.
    pub fn name(&self) -> &str {
        self.authenticated
            .as_deref()
            .or(self.claimed.as_deref())
            .unwrap_or(ANONYMOUS)
    }
}
