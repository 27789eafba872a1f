//! Works on several jobs at once, with one receiver and a thread a job. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example mpmc_parallel_worker   # as many as you like, beside `mpmc_worker`
//! cargo run --example mpmc_producer          # as many as you like
//! ```
//!
//! A worker ends when no job and no producer is left. The last worker removes the channel.

use memlane::mpmc::{HeldMessage, Options};
use memlane::{RecvError, RemoveError};
use std::error::Error;

fn work(job: HeldMessage) {
    println!("{}", String::from_utf8_lossy(&job.to_vec()));
    job.ack().expect("a channel that is not corrupted"); // jobs are done in any order; a panic gives the job back
}

fn main() -> Result<(), Box<dyn Error>> {
    let channel = Options::new().open_or_create("example-jobs")?;
    let mut rx = channel.receiver()?;
    std::thread::scope(|threads| {
        loop {
            match rx.recv().map(|job| job.hold()) {
                Ok(job) => threads.spawn(move || work(job)), // the receiver goes on with the next one
                Err(RecvError::Disconnected) => return Ok(()),
                Err(error) => return Err(error),
            };
        }
    })?;
    rx.leave(); // as dropping does
    match channel.remove() {
        Ok(()) | Err(RemoveError::InUse { .. } | RemoveError::NotFound { .. }) => Ok(()), // another worker removes it
        Err(error) => Err(error.into()),
    }
}
