//! Moving the rows: read ahead on one side while they are written on the other.

use std::time::Instant;

use futures_util::future::try_join;
use sea_orm::DatabaseConnection;

use super::progress::{self, Progress, Tables};
use crate::{
    report::Report,
    rows::{Batch, Order, Relation, Step, defer, enforce, read, transaction, write},
};

/// One run of a copy.
pub(super) struct Transfer<'a> {
    pub(super) source: &'a DatabaseConnection,
    pub(super) target: &'a DatabaseConnection,
    pub(super) report: &'a Report,
    pub(super) begun: Tables,
    pub(super) copied: u64,
    pub(super) start: Instant,
}

impl Transfer<'_> {
    /// Copies what is left of the tables of a step. Where reading cannot begin in the middle, or rows refer to later ones, all of
    /// them are one transaction.
    pub(super) async fn step(&mut self, step: &Step, sources: &[Relation]) -> anyhow::Result<()> {
        let pairs = step.relations.iter().filter_map(|to| {
            let from = sources.iter().find(|from| from.name == to.name)?;
            let begun = self.begun.get(&to.name).cloned().unwrap_or_default();
            (!begun.done).then_some((from, to, begun))
        });
        let pairs: Vec<_> = pairs.collect();
        let whole = step.is_one_transaction() || pairs.iter().any(|(from, ..)| !from.is_ordered());
        if whole && !pairs.is_empty() {
            let (target, steps) = (self.target, std::slice::from_ref(step));
            return transaction(target, async || {
                let deferred = defer(target, steps).await?;
                for (from, to, begun) in pairs {
                    self.table(from, to, begun, false).await?;
                }
                enforce(target, deferred).await
            })
            .await;
        }
        for (from, to, begun) in pairs {
            self.table(from, to, begun, true).await?;
        }
        Ok(())
    }

    /// Copies what is left of a table; `alone`, each batch is a transaction of its own. The next batch is read while one is
    /// written.
    async fn table(
        &mut self,
        from: &Relation,
        to: &Relation,
        begun: Progress,
        alone: bool,
    ) -> anyhow::Result<()> {
        let place = begun.place(from)?;
        let order = if from.is_ordered() { Order::Key(place.as_deref()) } else { Order::Any };
        let mut rows = read(self.source, from, order);
        let (mut progress, mut next) = (begun, Batch::next(&mut rows).await?);
        loop {
            let batch = std::mem::take(&mut next);
            let last = batch.rows.is_empty();
            let mut after = progress.after(batch.rows.len(), &batch.place)?;
            if last {
                after = progress.finished();
            }
            let target = self.target;
            let add = async || {
                write(target, to, &batch.rows).await?;
                progress::note(target, &to.name, &after).await
            };
            let written =
                async { if alone { transaction(target, add).await } else { add().await } };
            if last {
                return written.await;
            }
            let ((), following) = try_join(written, Batch::next(&mut rows)).await?;
            self.copied += u64::try_from(batch.rows.len())?;
            self.tell(&to.name, after.rows);
            (progress, next) = (after, following);
        }
    }

    fn tell(&self, table: &str, rows: u64) {
        self.report.progress(|| {
            let seconds = self.start.elapsed().as_secs().max(1);
            format!(
                "{table}: {rows} rows; {} rows copied, {} a second",
                self.copied,
                self.copied / seconds
            )
        });
    }
}
