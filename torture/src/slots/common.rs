//! What workers of slots have in common.

use anyhow::{Context, Result};
use memlane::{Info, QueueInfo};
use std::time::Duration;

/// Messages that are sent or received at once, at most.
pub const BATCH: u64 = 8;

/// A wait that is over now and then.
pub const SHORT: Duration = Duration::from_micros(200);

/// The queue of a channel with slots.
pub fn queue_of(info: &Info) -> Result<&QueueInfo> {
    info.queue.as_ref().context("the channel has no queue")
}
