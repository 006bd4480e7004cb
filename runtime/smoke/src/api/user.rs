//! Who calls the API: a user made for the test beside a stand-in for AWS, one that is there already on AWS itself.

use std::hash::{BuildHasher, RandomState};

use serde_json::{Value, json};

use super::{Api, Known};
use crate::http::Answer;
use crate::run::Failure;

/// A user of the pool.
#[derive(Debug)]
pub(super) struct User {
    pub(super) name: String,
    password: String,
    /// Whether the test made it.
    pub(super) made: bool,
}

impl User {
    /// A user for this environment; none where none may be made and none is known.
    pub(super) async fn of(api: &Api<'_>, known: Known, name: &str) -> Result<Option<Self>, Failure> {
        if let Some((name, password)) = known {
            return Ok(Some(Self { name, password, made: false }));
        }
        // A real pool holds real people: nobody adds to them without being asked.
        if api.request.endpoint.is_none() {
            return Ok(None);
        }
        // Pools ask for an address as the name.
        let user = Self { name: format!("{name}@example.com"), password: password(), made: true };
        let attributes = json!([{ "Name": "email", "Value": user.name }, { "Name": "email_verified", "Value": "true" }]);
        let make = json!({
            "UserPoolId": api.names.pool, "Username": user.name, "MessageAction": "SUPPRESS", "UserAttributes": attributes,
            // A cloud that draws one itself need not know the pool's own policy.
            "TemporaryPassword": user.password,
        });
        admin(api, "AdminCreateUser", &make).await?;
        let set = json!({ "UserPoolId": api.names.pool, "Username": user.name, "Password": user.password, "Permanent": true });
        admin(api, "AdminSetUserPassword", &set).await?;
        Ok(Some(user))
    }

    /// A token as the front door takes it.
    pub(super) async fn token(&self, api: &Api<'_>) -> Result<String, Failure> {
        let body = json!({
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": api.names.client,
            "AuthParameters": { "USERNAME": self.name, "PASSWORD": self.password },
        });
        let doing = format!("get a token for `{}`", self.name);
        let answer = api.http.cognito("InitiateAuth", &body).await.map_err(|error| Failure::call(&doing, api.request, error))?;
        token_of(&answer, &api.request.api.token_use).ok_or_else(|| {
            Failure::new(
                format!("could not {doing}: {} {}", answer.status, short(&answer.body)),
                "see whether the app client allows USER_PASSWORD_AUTH (`api.login.by_password`), and whether the password is right",
            )
        })
    }

    /// Deletes a user that the test made. What cannot be deleted beside a stand-in goes with it.
    pub(super) async fn forget(&self, api: &Api<'_>) {
        if self.made {
            drop(api.http.cognito("AdminDeleteUser", &json!({ "UserPoolId": api.names.pool, "Username": self.name })).await);
        }
    }
}

fn token_of(answer: &Answer, token_use: &str) -> Option<String> {
    let name = if token_use == "access" { "AccessToken" } else { "IdToken" };
    let token = answer.json().get("AuthenticationResult")?.get(name)?.as_str().map(str::to_owned);
    token.filter(|_| answer.status == 200)
}

async fn admin(api: &Api<'_>, operation: &str, body: &Value) -> Result<(), Failure> {
    let doing = format!("make a user in the pool ({operation})");
    let answer = api.http.cognito(operation, body).await.map_err(|error| Failure::call(&doing, api.request, error))?;
    if answer.status == 200 {
        return Ok(());
    }
    let message = format!("could not {doing}: {} {}", answer.status, short(&answer.body));
    Err(Failure::new(message, "see whether the user pool of the stack `api` is there"))
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// One that every usual policy takes, and that nobody guesses: 128 bits of chance.
fn password() -> String {
    let chance = |number: u8| RandomState::new().hash_one(number);
    format!("Aa1!{:016x}{:016x}", chance(1), chance(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_one_that_the_front_door_takes() {
        let body = r#"{"AuthenticationResult":{"IdToken":"id","AccessToken":"access"}}"#;

        assert_eq!(token_of(&Answer::of(200, &[], body), "id").as_deref(), Some("id"));
        assert_eq!(token_of(&Answer::of(200, &[], body), "access").as_deref(), Some("access"));
        assert_eq!(token_of(&Answer::of(400, &[], r#"{"__type":"NotAuthorizedException"}"#), "id"), None);
    }

    #[test]
    fn passwords_differ_and_have_every_kind_of_character() {
        let (one, other) = (password(), password());

        assert_ne!(one, other);
        assert!(one.contains('!') && one.contains('A') && one.contains('a') && one.contains('1') && 16 < one.len(), "{one}");
    }
}
