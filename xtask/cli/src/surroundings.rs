//! The environment variables that a child process talks to AWS with.

use std::env;
use std::process::Command;

/// An empty file: a configuration without profiles.
const NOTHING: &str = "/dev/null";

/// The variable that sends requests elsewhere than to AWS.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";

/// What a child process finds in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    set: Vec<(&'static str, String)>,
    /// Whether nothing about AWS is passed on that this process was started with.
    walled: bool,
}

impl Surroundings {
    /// The local cloud and nothing else: no variable and no file that could lead to a real account is passed on.
    pub(crate) fn local(endpoint: &str, account: &str, region: &str) -> Self {
        let set = vec![
            (ENDPOINT, endpoint.to_owned()),
            // The local cloud takes an access key of twelve digits as the account.
            ("AWS_ACCESS_KEY_ID", account.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_REGION", region.to_owned()),
            // The name that the AWS CLI of Python's package index listens to.
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", NOTHING.to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", NOTHING.to_owned()),
            // A proxy on the way out cannot know what listens on this machine.
            ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ];
        Self { set, walled: true }
    }

    /// AWS, or what answers at `endpoint` instead of it, with the credentials of whoever runs this.
    pub(crate) fn of_caller(region: &str, endpoint: Option<&str>) -> Self {
        let mut set = vec![("AWS_REGION", region.to_owned())];
        set.extend(endpoint.map(|endpoint| (ENDPOINT, endpoint.to_owned())));
        Self { set, walled: false }
    }

    /// Gives them to a command.
    pub(crate) fn apply(&self, command: &mut Command) {
        if self.walled {
            let names: Vec<_> = env::vars_os().map(|(name, _)| name).chain(command.get_envs().map(|(name, _)| name.to_owned())).collect();
            for name in names.iter().filter(|name| name.to_string_lossy().starts_with("AWS_")) {
                command.env_remove(name);
            }
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
    }

    /// Where requests go, when not to AWS.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.set.iter().find(|(name, _)| *name == ENDPOINT).map(|(_, value)| value.as_str())
    }

    /// What a person's own AWS CLI needs to reach the same place.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let needed =
            |name: &str| [ENDPOINT, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"].contains(&name);
        self.set.iter().filter(move |(name, _)| needed(name)).map(|(name, value)| (*name, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_leads_to_a_real_account_reaches_the_local_cloud() {
        let mut command = Command::new("/usr/bin/env");
        command.envs([("AWS_PROFILE", "production"), ("AWS_SESSION_TOKEN", "token"), ("AWS_ENDPOINT_URL_SQS", "https://elsewhere")]);

        Surroundings::local("http://127.0.0.1:4566", "000000000001", "us-east-1").apply(&mut command);

        let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let mut passed: Vec<_> = output.lines().filter(|line| line.starts_with("AWS_")).collect();
        passed.sort_unstable();
        let expected = [
            "AWS_ACCESS_KEY_ID=000000000001",
            "AWS_CONFIG_FILE=/dev/null",
            "AWS_DEFAULT_REGION=us-east-1",
            "AWS_EC2_METADATA_DISABLED=true",
            "AWS_ENDPOINT_URL=http://127.0.0.1:4566",
            "AWS_REGION=us-east-1",
            "AWS_SECRET_ACCESS_KEY=local",
            "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
        ];
        assert_eq!(passed, expected, "a local deploy could change production");
    }
}
