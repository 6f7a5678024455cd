//! Drawing tokens from a bucket that nodes share: what is asked, and what is answered. The arithmetic between is
//! [`crate::owed_tokens`].

use std::sync::Arc;

use crate::clock::Ticks;
use crate::throttle::TokenRate;

/// What a node asks of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenDraw {
    /// The settings in force, as far as the node knows.
    pub rate: TokenRate,
    /// Tokens that it would like to have.
    pub want: u64,
    /// Tokens that it gave out by itself while the bucket was out of reach.
    pub debt: u64,
    /// A draw of its own to be undone first.
    pub undo: Option<LoneDraw>,
    /// A part of the bucket that it would like to have, or to keep.
    pub portion: Option<PortionAsk>,
}

impl TokenDraw {
    /// A draw of so many tokens, and nothing else.
    pub fn of(rate: TokenRate, want: u64) -> Self {
        Self { rate, want, debt: 0, undo: None, portion: None }
    }
}

/// A part of a bucket that a node would like to have for a while: see [`crate::portion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortionAsk {
    /// Names the node; no other process ever has it.
    pub node: u64,
    /// Tokens of the portion that it has; none where its term is over, or where it is void.
    pub held: u64,
    /// Tokens that it would like the portion to have.
    pub want: u64,
    /// Microseconds for which it would have it.
    pub term: u64,
}

/// A draw of one token that no call has used after all. It can be undone, as if it had never been, until the bucket is
/// drawn from again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoneDraw {
    /// When the bucket was drawn from: [`TokenGrant::at`].
    pub at: u64,
    /// What it owed afterwards.
    pub owed: Ticks,
}

/// A draw from one of many buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketDraw {
    /// Names the bucket, on all nodes alike.
    pub bucket: Arc<str>,
    /// What is asked of it.
    pub draw: TokenDraw,
}

/// What the bucket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    /// Tokens that are the node's from now on.
    pub granted: u64,
    /// What it owes: the time in which it fills, counted from the answer, if it refills at its whole rate. It does so
    /// more slowly where nodes have portions. The granted tokens are the last that it owes.
    pub owed: Ticks,
    /// Time until it has another token.
    pub retry_after: Ticks,
    /// When that was, in microseconds on the clock that all nodes go by.
    pub at: u64,
    /// Tokens of the portion that the node has for the term that it asked for; none where it was not given one.
    pub portion: u64,
}

impl TokenGrant {
    /// The draw, if it was of one token.
    pub fn lone(&self) -> Option<LoneDraw> {
        (self.granted == 1).then_some(LoneDraw { at: self.at, owed: self.owed })
    }
}
