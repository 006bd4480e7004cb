//! Bringing a container image to the repository of its environment, and nothing else.

use protocol::{Event, Failure, Outcome, Push, Sent};

use crate::cloud::Cloud;
use crate::engine::{Engine, Talk};
use crate::failure;

impl<C: Cloud, T: Talk> Engine<'_, C, T> {
    /// Push what the registry does not hold, and tell the name that is good for ever.
    pub(crate) async fn push(&self, request: &Push) -> Result<Outcome, Failure> {
        let (target, stack) = (&request.target, &request.repository_stack);
        let states = self.read_states(target).await?;
        let state = states.iter().find(|state| state.name == stack.name);
        let Some(repository) = state.and_then(|state| state.outputs.get(&request.repository_output)) else {
            let message = format!("`{}` has no repository for images yet: stack `{}` gives none", target.environment, stack.name);
            return Err(failure::request(message, &format!("`cargo xtask deploy --env {}` makes it", target.environment)));
        };
        if self.interrupt.requested() {
            let hint = "the image lies where it was made".to_owned();
            return Err(failure::interrupted("interrupted before the image was pushed".to_owned(), hint, Sent::Nothing));
        }
        let pushed =
            self.cloud.push_image(repository, &request.layout, &request.digest).await.map_err(|error| failure::of(error, target))?;
        let name = format!("{repository}@{}", request.digest);
        self.talk.tell(Event::Image { name, bytes: pushed.bytes, uploaded: 0 < pushed.bytes });
        Ok(if pushed.bytes == 0 { Outcome::Unchanged } else { Outcome::Changed })
    }
}
