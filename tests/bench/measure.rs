//! Measuring: clients that work for a while, turns that raw and ours take, medians.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{Plan, Result};

/// Tells clients when the time is up.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<AtomicBool>);

impl Bell {
    /// Whether to go on.
    pub(crate) fn silent(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// How many operations a second so many clients do, each one after the other. A client says how
/// many it did until the bell rang.
pub(crate) async fn per_second<C, F>(clients: usize, span: Duration, client: C) -> Result<f64>
where
    C: Fn(usize, Bell) -> F,
    F: Future<Output = Result<u64>> + Send + 'static,
{
    let bell = Bell::default();
    let mut working = JoinSet::new();
    let started = Instant::now();
    for number in 0..clients {
        working.spawn(client(number, bell.clone()));
    }
    tokio::time::sleep(span).await;
    bell.0.store(true, Ordering::Relaxed);
    let mut done = 0;
    while let Some(one) = working.join_next().await {
        done += one??;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok(done as f64 / started.elapsed().as_secs_f64())
}

/// What raw and ours came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// The median of the raw figures.
    pub(crate) raw: f64,
    /// The median of ours.
    pub(crate) ours: f64,
    /// The median of the ratios of neighbours: what else the machine is doing changes from minute
    /// to minute, and touches both of a pair.
    pub(crate) ratio: f64,
}

/// Lets raw and ours take turns. A first turn warms up.
pub(crate) async fn take_turns(
    plan: &Plan,
    mut raw: impl AsyncFnMut(Duration) -> Result<f64>,
    mut ours: impl AsyncFnMut(Duration) -> Result<f64>,
) -> Result<Measured> {
    raw(plan.span).await?;
    ours(plan.span).await?;
    let mut pairs = Vec::with_capacity(plan.turns);
    for turn in 0..plan.turns {
        if turn % 2 == 0 {
            let first = raw(plan.span).await?;
            pairs.push((first, ours(plan.span).await?));
        } else {
            let first = ours(plan.span).await?;
            pairs.push((raw(plan.span).await?, first));
        }
    }
    Ok(Measured {
        raw: median(pairs.iter().map(|(raw, _)| *raw)),
        ours: median(pairs.iter().map(|(_, ours)| *ours)),
        ratio: median(pairs.iter().map(|(raw, ours)| ours / raw)),
    })
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
