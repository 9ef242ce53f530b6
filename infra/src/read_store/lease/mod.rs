//! Leases: which node keeps which read models up.
//!
//! The read models of one category of streams are one **share**. Every node that is there to keep
//! read models up says so again and again ([`attend`]), and each works out for itself which shares
//! are its own: the one that weighs most for a share has it, so all nodes agree, and when one comes
//! or goes only its shares move. A share is held by a lease that ends by itself.
//!
//! A lease alone protects nothing: its holder may have been asleep while it ended. So every
//! transaction that writes rows also [keeps](Holding::keep) the leases it rests on, and finds out
//! there and then that another node has taken one. That taking bears a higher number, the
//! **fence**: who held the share before cannot mistake the lease for its own.
//!
//! The time is read from the database and handed in: nodes need no common clock.

use domain::es::Position;
use projections::Rows;
use uuid::Uuid;

use super::models;

/// How long a lease lasts that nobody keeps, in microseconds.
pub(super) const TERM: i64 = 5_000_000;

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) node: Uuid,
    /// The highest number given to it.
    fence: i64,
    pub(super) shares: Vec<&'static str>,
}

impl Holding {
    /// Nothing yet.
    pub(super) fn none(node: Uuid) -> Self {
        Self {
            node,
            fence: 0,
            shares: vec![],
        }
    }

    /// The highest number given to it: higher than any that was given before.
    pub(super) fn fence(&self) -> i64 {
        self.fence
    }

    /// Says that the leases are still needed; `false` if one of them is another node's by now.
    pub(super) async fn keep(&self, db: &mut Rows<'_>, now: i64) -> Result<bool, sqlx::Error> {
        let kept = db
            .sql(include_str!("keep.sql"))
            .bind(now.saturating_add(TERM))
            .bind(self.node)
            .bind(self.fence)
            .run()
            .await?;
        Ok(kept == self.shares.len() as u64)
    }

    /// Takes those of some shares whose leases end by `free_at`; the others are left to who holds
    /// them.
    pub(super) async fn take(
        &mut self,
        db: &mut Rows<'_>,
        shares: &[&'static str],
        free_at: i64,
        now: i64,
    ) -> Result<(), sqlx::Error> {
        if shares.is_empty() {
            return Ok(());
        }
        let (fence,): (i64,) = db.sql(include_str!("raise_fence.sql")).one().await?;
        for share in shares {
            let taken = db
                .sql(include_str!("take.sql"))
                .bind(*share)
                .bind(self.node)
                .bind(fence)
                .bind(now.saturating_add(TERM))
                .bind(free_at)
                .run()
                .await?;
            if taken == 1 {
                self.shares.push(share);
            }
        }
        self.shares.sort_unstable();
        self.fence = fence;
        Ok(())
    }

    /// Lets go of shares, so that others may take them at once.
    pub(super) async fn release(
        &mut self,
        db: &mut Rows<'_>,
        mine: impl Fn(&str) -> bool,
    ) -> Result<(), sqlx::Error> {
        for share in self.shares.iter().filter(|share| !mine(share)) {
            db.sql(include_str!("release.sql"))
                .bind(self.node)
                .bind(*share)
                .bind(Uuid::nil())
                .run()
                .await?;
        }
        self.shares.retain(|share| mine(share));
        Ok(())
    }
}

/// The share of who rebuilds: one at a time.
pub(super) const REBUILD: &str = "rebuild";

/// All shares that are kept up.
pub(super) fn shares() -> Vec<&'static str> {
    let mut shares: Vec<_> = models::all().iter().map(|model| model.category()).collect();
    shares.sort_unstable();
    shares.dedup();
    shares
}

/// Says that a node is there, and answers which nodes are.
pub(super) async fn attend(
    db: &mut Rows<'_>,
    node: Uuid,
    now: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    db.sql(include_str!("attend.sql"))
        .bind(node)
        .bind(now.saturating_add(TERM))
        .run()
        .await?;
    let nodes: Vec<(Uuid,)> = db
        .sql(include_str!("read_nodes.sql"))
        .bind(now)
        .all()
        .await?;
    Ok(nodes.into_iter().map(|(node,)| node).collect())
}

/// Says that a node is there no more.
pub(super) async fn leave(db: &mut Rows<'_>, node: Uuid, now: i64) -> Result<(), sqlx::Error> {
    db.sql(include_str!("leave.sql"))
        .bind(node)
        .bind(now)
        .run()
        .await
        .map(|_| ())
}

/// Which of the nodes a share belongs to: the one that weighs most for it.
pub(super) fn owner(share: &str, nodes: &[Uuid]) -> Option<Uuid> {
    let weight = |node: &Uuid| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(share.as_bytes()).update(node.as_bytes());
        *hasher.finalize().as_bytes()
    };
    nodes.iter().copied().max_by_key(|node| weight(node))
}

/// Up to where all read models are folded, whoever keeps them up.
pub(super) fn shown(checkpoints: &super::checkpoint::Checkpoints) -> Position {
    let folded = models::read_models()
        .iter()
        .map(|name| super::checkpoint::folded(checkpoints, name));
    folded.min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_has_one_owner_and_only_the_shares_of_who_leaves_move() {
        let nodes: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        let owners = |nodes: &[Uuid]| -> Vec<Uuid> {
            (0..100)
                .map(|share| owner(&format!("share {share}"), nodes).unwrap())
                .collect()
        };
        let all = owners(&nodes);
        for node in &nodes {
            let theirs = all.iter().filter(|owner| *owner == node).count();
            assert!((5..40).contains(&theirs), "{theirs} of 100");
        }
        let left: Vec<Uuid> = nodes[1..].to_vec();
        for (before, after) in all.iter().zip(owners(&left)) {
            assert!(*before == after || *before == nodes[0]);
        }
    }
}
