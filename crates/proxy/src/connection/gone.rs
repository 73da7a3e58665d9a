use tokio::sync::Notify;

/// Tells whoever waits, now or later, that the client's connection has ended.
#[derive(Debug, Default)]
pub(super) struct Gone(Notify);

impl Gone {
    pub(super) fn tell(&self) {
        self.0.notify_one();
    }

    pub(super) async fn told(&self) {
        self.0.notified().await;
        // One word is kept for who comes later; so each passes it on.
        self.0.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    #[test]
    fn everybody_hears_that_the_client_is_gone() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let gone = Arc::new(Gone::default());
        let waits = |gone: &Arc<Gone>| {
            let gone = Arc::clone(gone);
            async move { gone.told().await }
        };

        let ended = runtime.block_on(async {
            let mut waiting = JoinSet::new();
            waiting.spawn(waits(&gone));
            waiting.spawn(waits(&gone));
            tokio::task::yield_now().await;
            gone.tell();
            waiting.spawn(waits(&gone));
            // Far more turns than three tasks need.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            std::iter::from_fn(|| waiting.try_join_next()).count()
        });

        assert_eq!(ended, 3);
    }
}
