//! Hands out twenty jobs from four threads, which share a pool of senders. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example mpmc_pool_producer   # as many as you like, beside `mpmc_producer`
//! cargo run --example mpmc_worker          # as many as you like
//! ```
//!
//! A worker ends when no job and no producer is left. The last worker removes the channel.

use memlane::mpmc::{Options, Pool, Sender};
use std::error::Error;
use std::ops::RangeInclusive;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn send(senders: &Pool<Sender>, mut jobs: RangeInclusive<u32>) -> Outcome {
    jobs.try_for_each(|job| {
        let mut tx = senders.get()?; // an idle one, or another seat if there is none
        Ok(tx.send(format!("job {job}").as_bytes())?) // waits while every slot is in use
    })
}

fn main() -> Outcome {
    let senders = &Pool::new(Options::new().open_or_create("example-jobs")?.sender()?);
    std::thread::scope(|threads| {
        let parts = [1..=5, 6..=10, 11..=15, 16..=20].map(|jobs| threads.spawn(move || send(senders, jobs)));
        parts.into_iter().try_for_each(|part| part.join().expect("a thread that does not panic"))
    })
}
