//! Where a picture stands: told from what lies in the two buckets, so that there is no record that could say something else.

use caller::Answer;
use contract::{
    images::{proxy_key, reason_key, reject_key},
    upload::{Image, Proxy, State, UploadConfig},
};
use serde::Deserialize;
use ulid::Ulid;

use crate::store::Store;

/// What the transcoder wrote beside a rejected picture.
#[derive(Deserialize)]
struct Why {
    reason: String,
    detail: String,
}

pub(crate) async fn image(id: &str, folder: &str, config: &UploadConfig, store: &impl Store) -> Result<Answer, Answer> {
    // Identities have one spelling, also where their letters could be read in another case.
    if Ulid::from_string(id).is_ok_and(|read| read.to_string() == id) {
        let key = contract::upload::key(&config.incoming_prefix, folder, id);
        if let Some(image) = look(id, &key, config, store).await? {
            return Ok(Answer { key: Some(key.into()), ..Answer::json(200, &image).header("cache-control", "no-store") });
        }
    }
    // Somebody else's picture is as unknown as one that never was: its key is looked for in the caller's own folder.
    let shown: String = id.chars().filter(char::is_ascii_alphanumeric).take(26).collect();
    let message = format!("nothing of yours has arrived as `{shown}`; ids are those that `POST /images` gave you");
    Err(Answer::error(404, "unknown_image", message))
}

async fn look(id: &str, key: &str, config: &UploadConfig, store: &impl Store) -> Result<Option<Image>, Answer> {
    let image = |state| Image { id: id.to_owned(), state, proxies: Vec::new(), reason: None, error: None };
    // First, because a picture that is rejected meanwhile leaves this place only after its reason was written.
    let arrived = store.arrived(key).await?;
    if let Some(proxies) = proxies(key, config, store).await? {
        return Ok(Some(Image { proxies, ..image(State::Transcoded) }));
    }
    // Keys of uploads are short, so that the entity tag never stands for one.
    let beside = reason_key(&reject_key(&config.reject_prefix, key, ""));
    let Some(text) = store.reason(&beside).await? else {
        return Ok(arrived.then(|| image(State::Waiting)));
    };
    let why: Why =
        serde_json::from_slice(&text).map_err(|error| Answer::unavailable("the reason could not be read").because(error.to_string()))?;
    Ok(Some(Image { reason: Some(why.reason), error: Some(why.detail), ..image(State::Rejected) }))
}

/// All proxies, or nothing while one is missing.
async fn proxies(key: &str, config: &UploadConfig, store: &impl Store) -> Result<Option<Vec<Proxy>>, Answer> {
    let mut proxies = Vec::new();
    for edge in config.edges() {
        let key = proxy_key(key, edge);
        if !store.has_proxy(&key).await? {
            return Ok(None);
        }
        proxies.push(Proxy { edge, url: store.link(&key).await? });
    }
    Ok(Some(proxies))
}
