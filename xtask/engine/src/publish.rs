//! Bringing artifacts to where a deploy would look for them, and nothing else.

use protocol::{Event, Failure, Outcome, Publish, Sent};

use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Upload what the artifact bucket does not hold.
    pub(crate) async fn publish(&self, request: &Publish) -> Result<Outcome, Failure> {
        let target = &request.target;
        let states = self.read_states(target).await?;
        let state = states.iter().find(|state| state.name == request.bucket_stack.name);
        let Some(bucket) = state.and_then(|state| state.outputs.get(&request.bucket_output)) else {
            let message =
                format!("`{}` has no artifact bucket yet: stack `{}` is not deployed", target.environment, request.bucket_stack.name);
            return Err(failure::request(
                message,
                &format!("`cargo xtask deploy --env {}` makes it, and uploads as well", target.environment),
            ));
        };
        let mut sent = Sent::Nothing;
        for artifact in &request.artifacts {
            let key = artifact.key();
            let problem = |error| Failure { sent, ..failure::of(error, target) };
            let there = self.cloud.has_object(bucket, &key).await.map_err(problem)?;
            if self.interrupt.requested() {
                let hint = "what was uploaded stays, and is not uploaded again".to_owned();
                return Err(failure::interrupted(format!("interrupted before `{}` was uploaded", artifact.name), hint, sent));
            }
            if !there {
                self.cloud.put_file(bucket, &key, &artifact.path, &artifact.sha256).await.map_err(problem)?;
                sent = Sent::Something;
            }
            self.talk.tell(Event::Artifact { name: artifact.name.clone(), key, bytes: artifact.bytes, uploaded: !there });
        }
        Ok(if sent == Sent::Nothing { Outcome::Unchanged } else { Outcome::Changed })
    }
}
