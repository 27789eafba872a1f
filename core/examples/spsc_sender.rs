//! Sends ten prices to one receiver. In two terminals, in any order:
//!
//! ```sh
//! cargo run --example spsc_sender
//! cargo run --example spsc_receiver
//! ```
//!
//! The receiver removes the channel at the end.

use memlane::spsc;
use std::error::Error;
use std::io::Write;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tx = spsc::Options::new().open_or_create("example-prices")?.sender()?;
    for price in 100..110 {
        let mut message = tx.reserve(64)?; // room for 64 bytes; waits while the channel is full
        write!(message, "price {price}")?; // in place: there is no copy
        message.commit_written()?; // from here on it is sent
    }
    tx.leave()?; // as dropping does; fails if the channel was removed, so that receivers may not get what was sent
    Ok(())
}
