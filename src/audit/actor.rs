//! Who asks for a change.

/// The most letters of a name that are kept.
const LONGEST_NAME: usize = 256;

/// Whoever is behind a request. A name that nobody has checked is a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    pub authenticated: Option<String>,
    pub claimed: Option<String>,
}

/// What history calls one who has not been checked.
pub const ANONYMOUS: &str = "anonymous";

impl Actor {
    /// Somebody who says so.
    pub fn claiming(name: Option<String>) -> Self {
        Self {
            authenticated: None,
            claimed: name
                .filter(|name| !name.trim().is_empty())
                .map(|name| name.chars().take(LONGEST_NAME).collect()),
        }
    }

    /// The server itself, as told by who starts it.
    pub fn server() -> Self {
        Self {
            authenticated: Some("server".to_owned()),
            claimed: None,
        }
    }

    /// The name that history keeps as known.
    pub fn known(&self) -> &str {
        self.authenticated.as_deref().unwrap_or(ANONYMOUS)
    }

    /// The best name that there is.
    pub fn name(&self) -> &str {
        self.authenticated
            .as_deref()
            .or(self.claimed.as_deref())
            .unwrap_or(ANONYMOUS)
    }
}
