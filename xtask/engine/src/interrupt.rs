//! Ctrl-C, as something that can be waited for.

use tokio::sync::watch;

/// Whether a person wants the engine to stop. Cloned freely; all clones see the same wish.
#[derive(Debug, Clone)]
pub struct Interrupt {
    wish: watch::Receiver<bool>,
}

impl Interrupt {
    /// A wish that has not been made, and the sender that makes it.
    #[must_use]
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, wish) = watch::channel(false);
        (sender, Self { wish })
    }

    /// Whether the wish has been made.
    #[must_use]
    pub fn requested(&self) -> bool {
        *self.wish.borrow()
    }

    /// Wait until the wish is made; for ever when nobody can make it any more.
    pub async fn wait(&self) {
        let mut wish = self.wish.clone();
        if wish.wait_for(|wanted| *wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
