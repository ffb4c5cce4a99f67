//! Reads the files in which AWS clients keep credentials: `~/.aws/credentials` and `~/.aws/config`.

use std::env;
use std::fs;
use std::path::PathBuf;

/// The values of the active profile.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AwsProfile {
    /// The value of `aws_access_key_id`.
    pub access_key: Option<String>,
    /// The value of `aws_secret_access_key`.
    pub secret_key: Option<String>,
    /// The value of `aws_session_token`.
    pub token: Option<String>,
    /// The value of `region`.
    pub region: Option<String>,
}

/// Leaves the secret key and the token out, so that they cannot get into a log.
impl std::fmt::Debug for AwsProfile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AwsProfile")
            .field("access_key", &self.access_key)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl AwsProfile {
    /// Reads the files that the environment names, or those in the home directory. The profile is
    /// empty if there are none.
    pub fn from_environment() -> Self {
        let profile = env::var("AWS_PROFILE").unwrap_or_else(|_| "default".to_owned());
        let file = |variable: &str, name: &str| {
            let path = match env::var_os(variable) {
                Some(path) => PathBuf::from(path),
                None => PathBuf::from(env::var_os("HOME")?).join(".aws").join(name),
            };
            fs::read_to_string(path).ok()
        };
        let mut found = Self::default();
        if let Some(config) = file("AWS_CONFIG_FILE", "config") {
            found.read(&config, &[&profile, &format!("profile {profile}")]);
        }
        if let Some(credentials) = file("AWS_SHARED_CREDENTIALS_FILE", "credentials") {
            found.read(&credentials, &[&profile]);
        }
        found
    }

    /// Takes the values of the given sections from a file in INI format.
    fn read(&mut self, text: &str, sections: &[&str]) {
        let mut inside = false;
        for line in text.lines() {
            let line = line.trim();
            if let Some(section) = line.strip_prefix('[') {
                let name = section.split(']').next().unwrap_or_default().trim();
                inside = sections.contains(&name);
            } else if let Some((name, value)) = line.split_once('=')
                && inside
            {
                let value = Some(value.trim().to_owned());
                match name.trim() {
                    "aws_access_key_id" => self.access_key = value,
                    "aws_secret_access_key" => self.secret_key = value,
                    "aws_session_token" => self.token = value,
                    "region" => self.region = value,
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_given_profile() {
        let text = "# keys\n[default]\naws_access_key_id=A\n\n[ other ]\naws_access_key_id = B\n\
                    aws_secret_access_key = C=/+\nregion= eu-west-1\noutput = json\n";
        let mut profile = AwsProfile::default();
        profile.read(text, &["other", "profile other"]);
        assert_eq!(
            profile,
            AwsProfile {
                access_key: Some("B".to_owned()),
                secret_key: Some("C=/+".to_owned()),
                token: None,
                region: Some("eu-west-1".to_owned()),
            }
        );
        assert!(!format!("{profile:?}").contains("C=/+"));
    }
}
