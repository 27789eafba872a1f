//! Hands out twenty jobs. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example mpmc_producer      # as many as you like
//! cargo run --example mpmc_worker        # as many as you like
//! ```
//!
//! A worker ends when no job and no producer is left. The last worker removes the channel.

use memlane::mpmc;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tx = mpmc::Options::new().open_or_create("example-jobs")?.sender()?;
    for job in 1..=20 {
        tx.send(format!("job {job}").as_bytes())?; // waits while every slot is in use
    }
    tx.leave()?; // as dropping does; fails if the channel was removed, so that receivers may not get what was sent
    Ok(())
}
