//! Finds out who sends a request: checks passwords and tokens against the auth database.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::caller::{Authenticated, Caller, User};
use super::first_admin;
use super::form_tokens::FormTokens;
use super::password_cache::PasswordCache;
use super::passwords::{self, PUBLIC_PASSWORD};
use super::permission::Permission;
use super::throttle::{Attempt, Throttle, TooManyAttempts};
use super::tokens::{is_token, token_hash};
use super::user_cache::{KnownUser, Lookup, UserCache};
use crate::clock::Clock;
use crate::config::{AuthSettings, DatabaseSettings, DatabaseUri};
use crate::error::{Error, ErrorCode, Result};
use crate::store::Store;
use crate::store::auth::{self, AuthDatabaseState, ChangeWatch};

/// How often the last use of a token is written down at most.
const USE_NOTED_EVERY_MS: i64 = 60_000;

/// What a request shows of who sends it.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    None,
    Password { name: String, password: String },
    Bearer(String),
}

/// Why nobody was logged in.
#[derive(Debug, PartialEq, Eq)]
pub enum LoginError {
    /// No such user, a wrong password, a token that does not count: it is not said which.
    Refused,
    TooMany {
        retry_after: Duration,
    },
    Failed(Error),
}

/// The users of a server, and how they log in.
pub struct Logins {
    pub store: Arc<Store>,
    pub default_permission: Permission,
    /// Whether everybody has the default permission in the workspace `default`, where there are workspaces.
    pub grant_default_workspace_access: bool,
    /// What the auth database held before it was made ready.
    pub found: AuthDatabaseState,
    users: UserCache,
    passwords: PasswordCache,
    throttle: Throttle,
    clock: Clock,
    form_tokens: FormTokens,
    /// When the use of each token was written down last.
    noted_uses: Mutex<HashMap<i32, i64>>,
}

impl Logins {
    /// Makes the auth database ready and opens it, and sees to it that there is an admin. `tracking` is the store of the
    /// tracking database, which may be the same.
    pub async fn open(
        settings: &AuthSettings,
        tracking: (&DatabaseSettings, &Arc<Store>),
        clock: Clock,
    ) -> Result<Self> {
        let (tracking_settings, tracking_store) = tracking;
        let found = prepare(&settings.database, clock.now_ms()).await?;
        let store = if tracking_settings.uri == settings.database {
            Arc::clone(tracking_store)
        } else {
            Arc::new(Store::connect(&DatabaseSettings::new(
                settings.database.clone(),
            ))?)
        };
        first_admin::ensure(&store, settings).await?;
        // The first user who is not there must not take longer than the next.
        passwords::verify("", None).await?;
        let default_permission = Permission::from_name(&settings.default_permission)
            .ok_or_else(|| Error::internal("The default permission is unknown."))?;
        Ok(Self {
            store,
            default_permission,
            grant_default_workspace_access: settings.grant_default_workspace_access,
            found,
            users: UserCache::new(ChangeWatch::start(&settings.database)?),
            passwords: PasswordCache::new(settings.largest_password_cache),
            throttle: Throttle::default(),
            clock,
            form_tokens: FormTokens::new(settings.secret_key.as_deref()),
            noted_uses: Mutex::default(),
        })
    }

    /// Returns who shows these credentials, with the grants that count at this moment.
    pub async fn authenticate(
        &self,
        credentials: Credentials,
        address: Option<IpAddr>,
    ) -> Result<Caller, LoginError> {
        match credentials {
            Credentials::None => Err(LoginError::Refused),
            Credentials::Bearer(token) => self.by_token(&token, None, address).await,
            Credentials::Password { name, password } if is_token(&password) => {
                self.by_token(&password, Some(&name), address).await
            }
            Credentials::Password { name, password } => {
                self.by_password(&name, &password, address).await
            }
        }
    }

    async fn by_password(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<Caller, LoginError> {
        let mut found = self.user(Lookup::Name(name.to_owned())).await?;
        if self.knows(found.as_deref(), password) {
            return accept(found, name, address);
        }
        let attempt = self.throttle.attempt(name, address).await?;
        // Meanwhile another request may have shown the same password, or the user may be gone.
        found = self.user(Lookup::Name(name.to_owned())).await?;
        if !self.knows(found.as_deref(), password) {
            let hash = found.as_deref().map(|known| known.password_hash.as_str());
            if !passwords::verify(password, hash).await? {
                return refuse(attempt, name, address).await;
            }
        }
        if let Some(known) = found.as_deref() {
            if known.user.is_admin && password == PUBLIC_PASSWORD {
                warn!(
                    "The admin {name:?} has the password that older MLflow versions shipped, which is refused. Set \
                     MLFLOW_AUTH_ADMIN_PASSWORD to another one and start the server again, or use `flowkeep user \
                     passwd`."
                );
                return refuse(attempt, name, address).await;
            }
            let fingerprint = self.fingerprint(known, password);
            self.passwords.remember(fingerprint);
        }
        attempt.succeeded();
        accept(found, name, address)
    }

    /// Whether a password is that of a user. Failures count and slow down as those of logins do.
    pub async fn is_password(
        &self,
        name: &str,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<bool, LoginError> {
        match self.by_password(name, password, address).await {
            Ok(_) => Ok(true),
            Err(LoginError::Refused) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns a user with the grants that count at this moment.
    pub async fn user_now(&self, name: &str) -> Result<Option<User>> {
        let found = self.user(Lookup::Name(name.to_owned())).await?;
        Ok(found.map(|known| known.user.clone()))
    }

    /// Returns what proves that a form was made for a user.
    pub fn form_token(&self, user: &str, expires_ms: i64) -> String {
        self.form_tokens.issue(user, expires_ms)
    }

    pub fn is_form_token(&self, token: &str, user: &str, now_ms: i64) -> bool {
        self.form_tokens.accepts(token, user, now_ms)
    }

    /// Whether a password was checked before, against the hash that the user has now.
    fn knows(&self, found: Option<&KnownUser>, password: &str) -> bool {
        found.is_some_and(|known| self.passwords.knows(&self.fingerprint(known, password)))
    }

    fn fingerprint(&self, known: &KnownUser, password: &str) -> [u8; 32] {
        let (id, hash) = (known.user.id, &known.password_hash);
        self.passwords.fingerprint(id, hash, password)
    }

    /// A user by a token, which must be that of `name` where one is given.
    async fn by_token(
        &self,
        token: &str,
        name: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Caller, LoginError> {
        let found = if is_token(token) {
            self.user(Lookup::Token(token_hash(token))).await?
        } else {
            None
        };
        let now_ms = self.clock.now_ms();
        let usable = found.filter(|known| {
            let expires_ms = known.token.as_ref().and_then(|token| token.expires_ms);
            let is_in_time = expires_ms.is_none_or(|expires_ms| now_ms < expires_ms);
            is_in_time && !known.is_disabled && name.is_none_or(|name| name == known.user.name)
        });
        let Some((known, token)) = usable.and_then(|known| {
            let token = known.token.clone()?;
            Some((known, token))
        }) else {
            let attempt = self.throttle.attempt("", address).await?;
            attempt.failed().await;
            warn!("A login with a token from {} failed.", Shown(address));
            return Err(LoginError::Refused);
        };
        self.note_use(token.id, token.last_used_ms, now_ms).await;
        Ok(Caller {
            user: Some(known.user.clone()),
            how: Authenticated::Token(token.id),
        })
    }

    /// Writes the use of a token down, now and then. A request does not fail because that fails.
    async fn note_use(&self, id: i32, last_used_ms: Option<i64>, now_ms: i64) {
        let is_recent = |noted_ms: i64| (now_ms - USE_NOTED_EVERY_MS..=now_ms).contains(&noted_ms);
        if last_used_ms.is_some_and(is_recent) {
            return;
        }
        {
            let mut noted = self
                .noted_uses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if noted.get(&id).copied().is_some_and(is_recent) {
                return;
            }
            noted.insert(id, now_ms);
        }
        let written = self
            .store
            .write(move |db| auth::tokens::note_use(db, id, now_ms))
            .await;
        if let Err(error) = written {
            warn!(%error, "the use of a token was not written down");
        }
    }

    async fn user(&self, lookup: Lookup) -> Result<Option<Arc<KnownUser>>> {
        self.users.find(&self.store, lookup).await
    }
}

/// Makes an auth database ready, and says what it held before.
async fn prepare(uri: &DatabaseUri, now_ms: i64) -> Result<AuthDatabaseState> {
    let uri = uri.clone();
    tokio::task::spawn_blocking(move || auth::prepare(&uri, now_ms))
        .await
        .map_err(|_| Error::internal("The server failed while it prepared its users."))?
        .map_err(|error| Error::new(ErrorCode::InvalidState, error.to_string()))
}

/// The caller, unless the user is disabled.
fn accept(
    found: Option<Arc<KnownUser>>,
    name: &str,
    address: Option<IpAddr>,
) -> Result<Caller, LoginError> {
    match found {
        Some(known) if !known.is_disabled => Ok(Caller {
            user: Some(known.user.clone()),
            how: Authenticated::Password,
        }),
        _ => {
            warn!(
                "A login as {name:?} from {} failed: the user is disabled.",
                Shown(address)
            );
            Err(LoginError::Refused)
        }
    }
}

async fn refuse(
    attempt: Attempt,
    name: &str,
    address: Option<IpAddr>,
) -> Result<Caller, LoginError> {
    attempt.failed().await;
    let shown: String = name.chars().take(255).collect();
    warn!("A login as {shown:?} from {} failed.", Shown(address));
    Err(LoginError::Refused)
}

/// An address for the log.
struct Shown(Option<IpAddr>);

impl std::fmt::Display for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(address) => write!(formatter, "{address}"),
            None => formatter.write_str("-"),
        }
    }
}

impl From<Error> for LoginError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<TooManyAttempts> for LoginError {
    fn from(refusal: TooManyAttempts) -> Self {
        Self::TooMany {
            retry_after: refusal.retry_after,
        }
    }
}
