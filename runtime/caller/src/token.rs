//! Who asks: the bearer token of a request, checked in full.

use contract::jobs::MAX_GROUP_BYTES;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

use crate::{
    StoreError,
    clock::Clock,
    keys::{KeySource, Keys, NoKey},
};

/// Clocks differ: a token is taken so many seconds before it begins and after it ends.
pub const LEEWAY_SECONDS: u64 = 5;

/// Cognito's tokens have one to three kilobytes; an HTTP API takes ten for all headers together.
pub const MOST_BYTES: usize = 8_192;

/// Which tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Who must have issued them.
    pub issuer: String,
    /// The app client that they must be for.
    pub client_id: String,
    /// Cognito's `id` or `access` tokens.
    pub token_use: String,
}

/// Somebody whose token was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is: the `sub` of the token, fit to be a message group.
    pub user: String,
    /// The groups of the user pool that it belongs to.
    pub groups: Vec<String>,
}

/// Why nobody is let in.
#[derive(Debug)]
pub enum Denied {
    /// There is no bearer token.
    Missing,
    /// It is not one of ours, or not any more: the word says which check failed, for the log only.
    Invalid(&'static str),
    /// Its key is none of the issuer's, as far as is known; the error says why no more is known.
    UnknownKey(Option<StoreError>),
    /// The keys could not be had, now or a moment ago.
    Unavailable(Option<StoreError>),
}

/// What is read of a token's claims; no name and no e-mail address, so that none can come into a log.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    token_use: String,
    exp: u64,
    nbf: Option<u64>,
    /// Of an `id` token: the app client.
    aud: Option<String>,
    /// Of an `access` token: the app client.
    client_id: Option<String>,
    #[serde(default, rename = "cognito:groups")]
    groups: Vec<String>,
}

/// Checks the value of a header `Authorization`.
///
/// # Errors
///
/// Nobody is let in.
pub async fn check<S: KeySource>(header: Option<&str>, keys: &Keys<S>, tokens: &Tokens, clock: &impl Clock) -> Result<Caller, Denied> {
    let token = bearer(header).ok_or(Denied::Missing)?;
    if MOST_BYTES < token.len() {
        return Err(Denied::Invalid("oversized"));
    }
    let header = decode_header(token).map_err(|_| Denied::Invalid("malformed"))?;
    // Before anything else, so that a token without a signature, or with one by a shared secret, meets no key at all.
    if header.alg != Algorithm::RS256 {
        return Err(Denied::Invalid("algorithm"));
    }
    // Extensions that must be understood: none is. A key that the token itself brings along is never looked at.
    if header.crit.is_some() || header.extras.inner().contains_key("b64") {
        return Err(Denied::Invalid("extension"));
    }
    let id = header.kid.filter(|id| !id.is_empty()).ok_or(Denied::Invalid("key"))?;
    let key = keys.find(&id, clock).await.map_err(|no| match no {
        NoKey::Unknown(error) => Denied::UnknownKey(error),
        NoKey::Unavailable(error) => Denied::Unavailable(error),
    })?;
    let claims = decode::<Claims>(token, &key, &signature_only()).map_err(|error| {
        let forged = matches!(error.kind(), jsonwebtoken::errors::ErrorKind::InvalidSignature);
        Denied::Invalid(if forged { "signature" } else { "malformed" })
    })?;
    claims.claims.caller(tokens, clock.seconds()).map_err(Denied::Invalid)
}

/// The claims are checked here, by our own clock and without exceptions for those that are absent.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// The token of `Bearer <token>`; the scheme's letters may be of either case.
fn bearer(header: Option<&str>) -> Option<&str> {
    let (scheme, token) = header?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl Claims {
    fn caller(self, tokens: &Tokens, now: u64) -> Result<Caller, &'static str> {
        let client = if tokens.token_use == "id" { self.aud } else { self.client_id };
        let checks = [
            (self.iss == tokens.issuer, "issuer"),
            (self.token_use == tokens.token_use, "token_use"),
            (client.is_some_and(|client| client == tokens.client_id), "audience"),
            (now < self.exp.saturating_add(LEEWAY_SECONDS), "expired"),
            (self.nbf.is_none_or(|begin| begin <= now.saturating_add(LEEWAY_SECONDS)), "not_yet_valid"),
            (is_user(&self.sub), "subject"),
        ];
        match checks.into_iter().find(|(holds, _)| !holds) {
            Some((_, word)) => Err(word),
            None => Ok(Caller { user: self.sub, groups: self.groups }),
        }
    }
}

/// Cognito's subjects are UUIDs. What SQS would not take as a group is nobody; neither is what holds a `#`, which parts keys of the table.
fn is_user(sub: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:|".contains(&byte);
    !sub.is_empty() && sub.len() <= MAX_GROUP_BYTES && sub.bytes().all(letter)
}
