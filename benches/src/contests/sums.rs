//! Several senders and receivers at a time: what came is checked by its sum, as nobody knows who gets what.

use anyhow::{Result, anyhow};
use std::ops::Range;

/// Which side an end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sends the numbers.
    Sends,
    /// Adds up what comes.
    Receives,
}

/// The numbers of one round.
#[derive(Debug)]
pub struct Count<'a> {
    number: &'a mut u64,
    operations: u64,
}

impl<'a> Count<'a> {
    /// The next `operations` numbers.
    pub fn new(number: &'a mut u64, operations: u64) -> Self {
        Self { number, operations }
    }

    /// Their sum.
    pub fn expected(&self) -> u64 {
        (*self.number..*self.number + self.operations).fold(0, u64::wrapping_add)
    }

    /// The next round begins behind them.
    pub fn done(&mut self) {
        *self.number += self.operations;
    }
}

/// Runs `work` on each handle with an equal part of the numbers: in this thread if there is one, else in as many. Returns
/// the sum of what the parts return.
pub fn run_in_threads<H: Send>(
    handles: Vec<H>,
    count: &Count<'_>,
    work: impl Fn(H, Range<u64>) -> Result<u64> + Sync,
) -> Result<u64> {
    let parts = handles.len() as u64;
    let start = *count.number;
    let part = |index: u64| start + count.operations * index / parts..start + count.operations * (index + 1) / parts;
    if parts == 1 {
        return handles.into_iter().map(|handle| work(handle, part(0))).sum();
    }
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..).zip(handles).map(|(index, handle)| scope.spawn(move || work(handle, part(index)))).collect();
        let mut sum = 0u64;
        for thread in threads {
            sum = sum.wrapping_add(thread.join().map_err(|_| anyhow!("a thread panicked"))??);
        }
        Ok(sum)
    })
}
