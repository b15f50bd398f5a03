//! What a provider says of itself: its addresses and its keys. It is asked when it is first needed, and what it says is
//! kept for an hour; a token that none of the keys has signed makes it be asked again, since keys change.

use std::{
    sync::{MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use openidconnect::{IssuerUrl, core::CoreProviderMetadata};
use tokio::time;

use super::{FRESH, Failure, PATIENCE, Provider, TIMEOUT, unusable};

#[derive(Clone, Default)]
pub(super) struct Known {
    metadata: Option<CoreProviderMetadata>,
    /// When it last answered, or failed to.
    asked: Option<Instant>,
}

impl Known {
    /// Whether the provider need not be asked by who wants to know nothing older than `age`.
    fn suffices(&self, age: Duration) -> bool {
        let wait = if self.metadata.is_some() { age } else { PATIENCE };
        self.asked.is_some_and(|asked| asked.elapsed() < wait)
    }

    fn metadata(self) -> Result<CoreProviderMetadata, Failure> {
        self.metadata.ok_or_else(|| Failure::Unusable("it does not answer".to_owned()))
    }
}

impl Provider {
    /// What it said of itself not longer than `age` ago, or before, if it is silent now.
    pub(super) async fn metadata(&self, age: Duration) -> Result<CoreProviderMetadata, Failure> {
        let known = self.known().clone();
        if known.suffices(age) {
            return known.metadata();
        }
        // Who can do with what was known before does not wait for another who asks.
        let asking = if known.metadata.is_some() && age == FRESH {
            self.asking.try_lock().ok()
        } else {
            Some(self.asking.lock().await)
        };
        if asking.is_none() {
            return known.metadata();
        }
        let known = self.known().clone();
        if known.suffices(age) {
            return known.metadata();
        }
        let answer = self.discover().await;
        let mut known = self.known();
        // Counted from the end of the attempt: whoever has waited for it does not try at once again.
        known.asked = Some(Instant::now());
        match answer {
            Ok(metadata) => known.metadata = Some(metadata),
            Err(error) => {
                let provider = self.name();
                tracing::warn!(provider, %error, "a provider does not say what it is");
            }
        }
        known.clone().metadata()
    }

    async fn discover(&self) -> Result<CoreProviderMetadata, Failure> {
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(unusable)?;
        let answer = CoreProviderMetadata::discover_async(issuer, &self.http);
        let metadata = time::timeout(TIMEOUT, answer).await.map_err(unusable)?.map_err(unusable)?;
        let page = metadata.authorization_endpoint().url();
        // Only a provider on this machine, as one under development, may be without TLS: the settings see to that.
        if page.scheme() == "https" || self.issuer().starts_with("http:") {
            return Ok(metadata);
        }
        Err(Failure::Unusable(format!("it would have users sign in at {page}, without TLS")))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
