//! An issuer of tokens: keys that are made here, tokens good and bad, and a key set that counts how often it is fetched.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use caller::{StoreError, keys::KeySource};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Tests";
pub(crate) const CLIENT: &str = "3n4b5urk1ft4fl3mg5e62d9ado";
pub(crate) const KEY_ID: &str = "key-1";

/// When the tests take place.
pub(crate) const NOW_SECONDS: u64 = 1_800_000_000;

/// The issuer's key pair: making one takes a moment, so all tests of a program share it.
pub(crate) fn key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

/// Somebody else's key pair.
pub(crate) fn foreign_key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub(crate) fn header() -> Value {
    json!({ "alg": "RS256", "kid": KEY_ID })
}

/// Claims as Cognito writes them into an `id` token, an e-mail address among them; good for a week of the tests' time.
pub(crate) fn claims(user: &str) -> Value {
    json!({
        "iss": ISSUER, "sub": user, "aud": CLIENT, "token_use": "id", "exp": NOW_SECONDS + 604_800, "iat": NOW_SECONDS,
        "auth_time": NOW_SECONDS, "email": "ann@example.com", "email_verified": true, "cognito:username": user, "cognito:groups": ["users"],
    })
}

pub(crate) fn good(user: &str) -> String {
    signed(&header().to_string(), &claims(user).to_string(), key())
}

pub(crate) fn admin(user: &str) -> String {
    let mut claims = claims(user);
    claims["cognito:groups"] = json!(["users", "admins"]);
    signed(&header().to_string(), &claims.to_string(), key())
}

/// A token of these texts, signed with RS256 whatever they say.
pub(crate) fn signed(header: &str, claims: &str, key: &KeyPair) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", base64url(&signature))
}

/// A token whose signature is made with the public key as a shared secret.
pub(crate) fn signed_with_public_key(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let der = key().public_key().as_der().unwrap();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, der.as_ref()), message.as_bytes());
    format!("{message}.{}", base64url(signature.as_ref()))
}

/// A public key as a key set holds it.
pub(crate) fn jwk(id: &str, key: &KeyPair) -> Value {
    let public = key.public_key();
    let part = |bytes: &[u8]| base64url(bytes);
    let (n, e) = (public.modulus().big_endian_without_leading_zero(), public.exponent().big_endian_without_leading_zero());
    json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": id, "n": part(n), "e": part(e) })
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|at| char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize])));
    }
    text
}

/// Publishes keys, and counts who asks for them.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    calls: Arc<AtomicUsize>,
    /// What it answers; nothing when it does not.
    pub(crate) set: Arc<Mutex<Option<Value>>>,
}

impl Default for Issuer {
    fn default() -> Self {
        Self { calls: Arc::default(), set: Arc::new(Mutex::new(Some(json!({ "keys": [jwk(KEY_ID, key())] })))) }
    }
}

impl Issuer {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn publish(&self, set: Option<Value>) {
        *self.set.lock().unwrap() = set;
    }
}

impl KeySource for Issuer {
    async fn fetch(&self) -> Result<Vec<u8>, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        // Others come while it is on its way.
        tokio::task::yield_now().await;
        let set = self.set.lock().unwrap().clone();
        set.map(|set| set.to_string().into_bytes()).ok_or_else(|| StoreError::new("fetch the issuer's keys", "nobody answers"))
    }
}
