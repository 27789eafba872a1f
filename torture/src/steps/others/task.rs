//! What the others are told.

use crate::steps::scenario::Scenario;
use std::time::Duration;

/// The first of the numbers that the others send.
pub const OTHERS: u64 = 10_000;

/// Where messages are for all: with how many of those that are there the others' receiver begins. It leaves the sender room for what that is to
/// send.
pub const BEGUN_WITH: usize = 4;

/// What takes longer than this makes no progress.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What the others do, and leave behind.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    pub scenario: Scenario,
    /// Whether an operation that may find nothing is to find nothing.
    pub finds_nothing: bool,
}
