//! The command `flowkeep user`: users and their tokens, in the database of logins and without a server.
//!
//! What it changes counts at the next request of a server that runs.

use std::io::{self, BufRead, IsTerminal};

use actix_web::rt::System;
use chrono::DateTime;
use clap::{Args, Subcommand};

use super::output::{CommandResult, print};
use crate::access::passwords;
use crate::access::tokens::{new_token, token_hash};
use crate::clock::Clock;
use crate::config::{AuthSettings, DatabaseSettings, DatabaseUri};
use crate::error::Result;
use crate::store::auth::tokens::{self, NewToken};
use crate::store::auth::{self, AuthDatabaseState, users};
use crate::store::{self, Db, Store};

const MS_OF_DAY: i64 = 86_400_000;

/// The subcommands of `flowkeep user`.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a user. The password is asked for, or read from stdin
    Add {
        name: String,
        /// Let the user do everything
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// List all users
    List {
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// Set the password of a user. It is asked for, or read from stdin
    Passwd {
        name: String,
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// Shut a user out, with all tokens, and keep what the user was granted
    Disable {
        name: String,
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// Let a user in again who was disabled
    Enable {
        name: String,
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// Make, list and revoke the tokens of a user, which stand for the password
    #[command(subcommand)]
    Token(TokenCommand),
}

/// The subcommands of `flowkeep user token`.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it. It is shown this once
    Add {
        user: String,
        /// What the token is for
        #[arg(long)]
        name: String,
        /// The days after which the token ends (default: never)
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// List the tokens of a user
    List {
        user: String,
        #[command(flatten)]
        database: AuthDatabase,
    },
    /// Revoke a token
    Revoke {
        user: String,
        /// The name of the token
        name: String,
        #[command(flatten)]
        database: AuthDatabase,
    },
}

/// The database of logins.
#[derive(Args)]
#[expect(
    clippy::doc_markdown,
    reason = "the help shows the address as it is typed"
)]
pub struct AuthDatabase {
    /// The database of logins (default: database_uri of the file that MLFLOW_AUTH_CONFIG_PATH names, else
    /// sqlite:///basic_auth.db)
    #[arg(long, value_name = "URI")]
    auth_database: Option<String>,
}

impl AuthDatabase {
    fn uri(self) -> std::result::Result<DatabaseUri, Box<dyn std::error::Error>> {
        match self.auth_database {
            Some(uri) => Ok(DatabaseUri::parse(&uri)?),
            None => Ok(AuthSettings::from_environment()?.database),
        }
    }

    /// Changes a database that must be there.
    fn change<F>(self, work: F) -> CommandResult
    where
        F: Fn(&mut Db) -> Result<()> + Send + 'static,
    {
        let uri = self.uri()?;
        must_exist(&uri)?;
        write(&uri, work)
    }

    /// Reads a database that must be there.
    fn read<T, F>(self, work: F) -> std::result::Result<T, Box<dyn std::error::Error>>
    where
        T: Send + 'static,
        F: Fn(&mut Db) -> Result<T> + Send + 'static,
    {
        let uri = self.uri()?;
        must_exist(&uri)?;
        auth::prepare(&uri, now_ms())?;
        let work = async {
            Store::connect(&DatabaseSettings::new(uri))?
                .read(work)
                .await
        };
        Ok(System::new().block_on(work)?)
    }
}

/// Fails where there are no users yet: a misspelled address must not make an empty database.
fn must_exist(uri: &DatabaseUri) -> CommandResult {
    match auth::check(uri)? {
        AuthDatabaseState::Empty => {
            Err(format!("There are no users in {uri}. `flowkeep user add` makes the first.").into())
        }
        _ => Ok(()),
    }
}

fn write<F>(uri: &DatabaseUri, work: F) -> CommandResult
where
    F: Fn(&mut Db) -> Result<()> + Send + 'static,
{
    let found = auth::prepare(uri, now_ms())?;
    if let AuthDatabaseState::Older {
        revision,
        copy: Some(copy),
    } = found
    {
        eprintln!(
            "The users in {uri} were at MLflow's revision {revision}; a copy is kept: {copy}."
        );
    }
    let settings = DatabaseSettings::new(uri.clone());
    System::new().block_on(async { Store::connect(&settings)?.write(work).await })?;
    store::checkpoint(uri)?;
    Ok(())
}

fn now_ms() -> i64 {
    Clock::default().now_ms()
}

impl UserCommand {
    /// Runs the command and prints its result.
    pub fn run(self) -> CommandResult {
        match self {
            Self::Add {
                name,
                admin,
                database,
            } => add(name, admin, database),
            Self::List { database } => list(database),
            Self::Passwd { name, database } => passwd(name, database),
            Self::Disable { name, database } => {
                let user = name.clone();
                database.change(move |db| {
                    let id = users::get(db, &user)?.id;
                    users::disable(db, id, now_ms())
                })?;
                print(&format!("{name} is disabled.\n"))
            }
            Self::Enable { name, database } => {
                let user = name.clone();
                database.change(move |db| {
                    let id = users::get(db, &user)?.id;
                    users::enable(db, id)
                })?;
                print(&format!("{name} is enabled.\n"))
            }
            Self::Token(command) => command.run(),
        }
    }
}

fn add(name: String, admin: bool, database: AuthDatabase) -> CommandResult {
    let uri = database.uri()?;
    let hash = new_hash(&name)?;
    let user = name.clone();
    write(&uri, move |db| {
        users::create(db, &user, &hash, admin)?;
        Ok(())
    })?;
    let kind = if admin { "an admin" } else { "a user" };
    print(&format!("{name} is {kind} now, in {uri}.\n"))
}

fn passwd(name: String, database: AuthDatabase) -> CommandResult {
    let hash = new_hash(&name)?;
    let user = name.clone();
    database.change(move |db| users::set_password_hash(db, &user, &hash))?;
    print(&format!("{name} has a new password.\n"))
}

/// Reads a new password and returns its hash.
fn new_hash(name: &str) -> std::result::Result<String, Box<dyn std::error::Error>> {
    let password = if io::stdin().is_terminal() {
        let password = rpassword::prompt_password(format!("New password for {name}: "))?;
        if rpassword::prompt_password("Once more: ")? != password {
            return Err("The two passwords differ.".into());
        }
        password
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    };
    passwords::check_new(&password)?;
    Ok(passwords::hash_now(&password))
}

fn list(database: AuthDatabase) -> CommandResult {
    let rows = database.read(|db| {
        let mut rows = Vec::new();
        for user in users::list(db)? {
            let is_disabled = users::is_disabled(db, user.id)?;
            let tokens = tokens::list(db, user.id)?.len();
            rows.push((user, is_disabled, tokens));
        }
        Ok(rows)
    })?;
    let mut lines = Vec::new();
    for (user, is_disabled, tokens) in rows {
        let mut notes = Vec::new();
        if user.is_admin {
            notes.push("admin".to_owned());
        }
        if is_disabled {
            notes.push("disabled".to_owned());
        }
        if tokens > 0 {
            notes.push(format!("tokens: {tokens}"));
        }
        lines.push(format!("{}\t{}\n", user.name, notes.join(", ")));
    }
    print(&lines.concat())
}

impl TokenCommand {
    fn run(self) -> CommandResult {
        match self {
            Self::Add {
                user,
                name,
                days,
                database,
            } => add_token(user, name, days, database),
            Self::List { user, database } => list_tokens(user, database),
            Self::Revoke {
                user,
                name,
                database,
            } => {
                let (owner, token) = (user.clone(), name.clone());
                database.change(move |db| {
                    let id = users::get(db, &owner)?.id;
                    tokens::delete(db, id, &token)
                })?;
                print(&format!("The token '{name}' of {user} is revoked.\n"))
            }
        }
    }
}

fn add_token(
    user: String,
    name: String,
    days: Option<u16>,
    database: AuthDatabase,
) -> CommandResult {
    let token = new_token();
    let hash = token_hash(&token);
    let created_ms = now_ms();
    let expires_ms = days.map(|days| created_ms + i64::from(days) * MS_OF_DAY);
    database.change(move |db| {
        let new = NewToken {
            user_id: users::get(db, &user)?.id,
            name: &name,
            hash: &hash,
            created_ms,
            expires_ms,
        };
        tokens::create(db, &new)?;
        Ok(())
    })?;
    print(&format!("{token}\n"))
}

fn list_tokens(user: String, database: AuthDatabase) -> CommandResult {
    let rows = database.read(move |db| {
        let id = users::get(db, &user)?.id;
        tokens::list(db, id)
    })?;
    let mut lines = Vec::new();
    for token in rows {
        let ends = token
            .expires_ms
            .map_or("never ends".to_owned(), |ms| format!("ends {}", day(ms)));
        let last_use = token.last_used_ms.map_or("never used".to_owned(), |ms| {
            format!("last used {}", day(ms))
        });
        let made = day(token.created_ms);
        lines.push(format!("{}\tmade {made}, {ends}, {last_use}\n", token.name));
    }
    print(&lines.concat())
}

/// A day, as people write it.
fn day(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms)
        .map_or_else(String::new, |time| time.format("%Y-%m-%d").to_string())
}
