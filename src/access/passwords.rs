//! Passwords: the rules for new ones, and their hashes in the form of werkzeug, which MLflow keeps them in.

use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use pbkdf2::pbkdf2_hmac;
use rand::RngExt;
use rand::distr::Alphanumeric;
use scrypt::Params;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

/// The password that MLflow 2.22 to 3.16.0 gave to the first admin. Everybody knows it.
pub const PUBLIC_PASSWORD: &str = "password1234";

const SHORTEST: usize = 12;
/// Hashing takes time that grows with the length of what is hashed.
const LONGEST: usize = 1024;

const LOG_COST: u8 = 15;
const BLOCK_SIZE: u32 = 8;
const PARALLELISM: u32 = 1;
const HASH_BYTES: usize = 64;
const SALT_LETTERS: usize = 16;

/// The most memory that one check may take: eight times what a hash of MLflow takes.
const LARGEST_COST: u8 = 18;
const MOST_ROUNDS: u32 = 10_000_000;

/// How many passwords are checked at a time: each takes a processor and 32 MiB.
static CHECKERS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(processors.clamp(1, 8)))
});

/// What a password is compared with where there is no user: it takes as long.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash_now(&random_text(SHORTEST * 2)));

/// Refuses a new password that breaks MLflow's rules, in MLflow's words.
pub fn check_new(password: &str) -> Result<()> {
    let letters = password.chars().count();
    if letters < SHORTEST {
        return Err(Error::invalid_parameter(
            "Password must be at least 12 characters.",
        ));
    }
    if letters > LONGEST {
        return Err(Error::invalid_parameter(format!(
            "Password must be at most {LONGEST} characters."
        )));
    }
    if password == PUBLIC_PASSWORD {
        return Err(Error::invalid_parameter(
            "The password 'password1234' is the one that older MLflow versions shipped. Choose another one.",
        ));
    }
    Ok(())
}

/// Returns the hash of a new password. Fails if it breaks the rules.
pub async fn hash_new(password: &str) -> Result<String> {
    check_new(password)?;
    let password = password.to_owned();
    aside(move || hash_now(&password)).await
}

/// Whether a password belongs to a hash. Without a hash, which is where there is no user, it takes as long and is false.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool> {
    if password.len() > LONGEST * 4 {
        return Ok(false);
    }
    let password = password.to_owned();
    let hash = hash.map(str::to_owned);
    aside(move || {
        let matches = verify_now(&password, hash.as_deref().unwrap_or(&NOBODYS));
        matches && hash.is_some()
    })
    .await
}

/// Runs a check on a thread where it holds nobody up, a few at a time.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let failed = || Error::internal("The server failed while it checked a password.");
    let permit = Arc::clone(&CHECKERS)
        .acquire_owned()
        .await
        .map_err(|_| failed())?;
    spawn_blocking(move || {
        let _permit = permit;
        work()
    })
    .await
    .map_err(|_| failed())
}

/// Returns the hash of a password, without a look at the rules.
pub fn hash_now(password: &str) -> String {
    let salt = random_text(SALT_LETTERS);
    let mut hash = [0; HASH_BYTES];
    let parameters = Params::new(LOG_COST, BLOCK_SIZE, PARALLELISM).unwrap_or(Params::RECOMMENDED);
    // It fails only where the hash is to have no length.
    let _ = scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &parameters, &mut hash);
    let cost = 1_u32 << LOG_COST;
    format!(
        "scrypt:{cost}:{BLOCK_SIZE}:{PARALLELISM}${salt}${}",
        hex::encode(hash)
    )
}

/// Whether a password belongs to a hash. A hash that cannot be read belongs to none.
pub fn verify_now(password: &str, hash: &str) -> bool {
    let Some(stored) = StoredHash::read(hash) else {
        return false;
    };
    let Some(computed) = stored.method.compute(password.as_bytes(), stored.salt) else {
        return false;
    };
    computed.as_bytes().ct_eq(stored.hash.as_bytes()).into()
}

/// `method$salt$hash`.
struct StoredHash<'a> {
    method: Method,
    salt: &'a [u8],
    /// In hexadecimal.
    hash: &'a str,
}

enum Method {
    Scrypt(Params),
    Pbkdf2 { digest: Digest, rounds: u32 },
}

enum Digest {
    Sha256,
    Sha512,
}

impl<'a> StoredHash<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(3, '$');
        let method = Method::read(parts.next()?)?;
        let salt = parts.next()?.as_bytes();
        let hash = parts.next()?;
        Some(Self { method, salt, hash })
    }
}

impl Method {
    /// Reads `scrypt:32768:8:1` or `pbkdf2:sha256:600000`.
    fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["scrypt", cost, block_size, parallelism] => {
                let cost: u32 = cost.parse().ok()?;
                let log_cost = u8::try_from(cost.checked_ilog2()?).ok()?;
                let (block_size, parallelism) =
                    (block_size.parse().ok()?, parallelism.parse().ok()?);
                let is_affordable =
                    log_cost <= LARGEST_COST && block_size <= 32 && parallelism <= 16;
                if !cost.is_power_of_two() || !is_affordable {
                    return None;
                }
                Params::new(log_cost, block_size, parallelism)
                    .ok()
                    .map(Self::Scrypt)
            }
            ["pbkdf2", digest, rounds] => {
                let digest = match digest {
                    "sha256" => Digest::Sha256,
                    "sha512" => Digest::Sha512,
                    _ => return None,
                };
                let rounds = rounds
                    .parse()
                    .ok()
                    .filter(|rounds| *rounds <= MOST_ROUNDS)?;
                Some(Self::Pbkdf2 { digest, rounds })
            }
            _ => None,
        }
    }

    fn compute(&self, password: &[u8], salt: &[u8]) -> Option<String> {
        match self {
            Self::Scrypt(parameters) => {
                let mut hash = [0; HASH_BYTES];
                scrypt::scrypt(password, salt, parameters, &mut hash).ok()?;
                Some(hex::encode(hash))
            }
            Self::Pbkdf2 { digest, rounds } => match digest {
                Digest::Sha256 => {
                    let mut hash = [0; 32];
                    pbkdf2_hmac::<Sha256>(password, salt, *rounds, &mut hash);
                    Some(hex::encode(hash))
                }
                Digest::Sha512 => {
                    let mut hash = [0; 64];
                    pbkdf2_hmac::<Sha512>(password, salt, *rounds, &mut hash);
                    Some(hex::encode(hash))
                }
            },
        }
    }
}

/// Letters and digits that nobody can guess.
pub(super) fn random_text(letters: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(letters)
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As werkzeug 3.1 makes them of `correct horse ü`.
    const SCRYPT: &str = "scrypt:32768:8:1$lBz1y7f6t1I17xnz$c4098099627a9a9fd94ce21295942a56643f6bd393b28561\
        4781897fd8e70a13be3cafeb25dd92012f51d6803045615d07f9276c33357a2b32fca24256013d53";
    const PBKDF2: &str = "pbkdf2:sha256:260000$QxX1wAbfxp11xRhw$3ff1fa8d18b7b5c15c28de28bdcc02516642ef4e04df\
        eae46fdc1bf81766a8ee";

    #[test]
    fn hashes_of_werkzeug_are_verified() {
        for hash in [SCRYPT, PBKDF2] {
            assert!(verify_now("correct horse ü", hash), "{hash}");
            assert!(!verify_now("correct horse u", hash), "{hash}");
            assert!(!verify_now("", hash), "{hash}");
        }
    }

    #[test]
    fn a_hash_has_the_form_of_werkzeug() {
        let hash = hash_now("a password of mine");
        assert_eq!(hash.len(), 162);
        assert!(hash.starts_with("scrypt:32768:8:1$"));
        assert!(verify_now("a password of mine", &hash));
        assert_ne!(hash, hash_now("a password of mine"));
    }

    #[test]
    fn what_is_no_hash_belongs_to_no_password() {
        let cut = &SCRYPT[..SCRYPT.len() - 1];
        for hash in [
            "",
            "$$",
            "plain$$correct horse ü",
            "scrypt:0:8:1$a$b",
            "scrypt:32767:8:1$a$b",
            "scrypt:1073741824:8:1$a$b",
            "pbkdf2:sha256:99999999$a$b",
            "pbkdf2:sha256:1$a$",
            cut,
        ] {
            assert!(!verify_now("correct horse ü", hash), "{hash}");
            assert!(!verify_now("", hash), "{hash}");
        }
    }

    #[test]
    fn new_passwords_have_twelve_letters() {
        assert!(check_new("12 letters ü").is_ok());
        for password in ["", "11 letters!", PUBLIC_PASSWORD, &"a".repeat(2000)] {
            assert!(check_new(password).is_err(), "{password}");
        }
    }
}
