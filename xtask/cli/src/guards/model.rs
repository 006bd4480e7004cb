//! Workers that compute by themselves need a model, and must know which file is the right one.

use foundation::environment::{Engine, Environment};
use protocol::{Check, CheckState};

use crate::error::Error;

/// Refuses an environment whose workers would refuse every file: the deploy would succeed, and no job ever be done.
pub(super) fn must_be_known(environment: &Environment) -> Result<(), Error> {
    let fleet = &environment.fleet;
    if fleet.engine != Engine::Llama || fleet.model.sha256.is_some() {
        return Ok(());
    }
    Err(Error::ModelUnknown { environment: environment.name.clone(), key: fleet.model.key.to_string() })
}

/// The same as `preflight` tells it; nothing where workers ask a server.
pub(crate) fn check(environment: &Environment) -> Option<Check> {
    let fleet = &environment.fleet;
    if fleet.engine != Engine::Llama {
        return None;
    }
    let refusal = must_be_known(environment).err();
    Some(Check {
        name: "worker model".to_owned(),
        state: if refusal.is_none() { CheckState::Ok } else { CheckState::Error },
        found: match &fleet.model.sha256 {
            Some(digest) => format!("workers take `{}` with the SHA-256 {}", fleet.model.key, digest.as_str()),
            None => "`fleet.model.sha256` is not set".to_owned(),
        },
        hint: refusal.map(|refusal| refusal.hint()),
    })
}
