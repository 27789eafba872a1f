//! What `torture stop` has done.

use std::fmt;

/// What was done.
#[derive(Default)]
pub struct Totals {
    pub scenarios: u64,
    pub instructions: u64,
    pub traced: u64,
    pub stopped: u64,
    pub messages: u64,
    /// Stood still in the middle of reaping.
    pub reapers: u64,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenarios, instructions, traced, stopped, messages, reapers } = self;
        write!(
            f,
            "{scenarios} operations of {instructions} instructions; stood still {} times, {stopped} of them by SIGSTOP; \
             {messages} messages meanwhile; {reapers} stood still while they reaped",
            traced + stopped
        )
    }
}
