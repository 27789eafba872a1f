//! Sets a limit ten times. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example watch_sender
//! cargo run --example watch_receiver      # as many as you like
//! ```
//!
//! A receiver ends with the last value. The last one to end removes the channel.

use memlane::watch;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tx = watch::Options::new().open_or_create("example-limit")?.sender()?;
    for limit in 1..=10 {
        tx.set(format!("limit {limit}").as_bytes())?; // waits for nobody
    }
    tx.leave()?; // as dropping does; the last value stays
    Ok(())
}
