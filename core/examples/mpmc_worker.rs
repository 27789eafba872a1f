//! Takes jobs, and works on them. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example mpmc_worker        # as many as you like
//! cargo run --example mpmc_producer      # as many as you like
//! ```
//!
//! A worker ends when no job and no producer is left. The last worker removes the channel.

use memlane::{OnDrop, RecvError, RemoveError, mpmc};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = mpmc::Options::new().open_or_create("example-jobs")?;
    let mut rx = channel.receiver()?;
    rx.on_drop(OnDrop::GiveBack); // a job is done once it is acknowledged, and not before
    loop {
        let job = match rx.recv() {
            Ok(job) => job, // nobody else has it; if this process dies now, another worker gets it
            Err(RecvError::Disconnected) => break, // no producer is there, and no job is left
            Err(error) => return Err(error.into()),
        };
        println!("{}", String::from_utf8(job.to_vec())?); // an error here gives the job back
        job.ack()?; // done: it does not come again
    }
    rx.leave(); // as dropping does
    match channel.remove() {
        Ok(()) | Err(RemoveError::InUse { .. } | RemoveError::NotFound { .. }) => Ok(()), // another worker removes it
        Err(error) => Err(error.into()),
    }
}
