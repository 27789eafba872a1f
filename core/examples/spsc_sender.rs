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

fn main() -> Result<(), Box<dyn Error>> {
    let mut tx = spsc::Options::new().open_or_create("example-prices")?.sender()?;
    for price in 100..110 {
        tx.send(format!("price {price}").as_bytes())?; // waits while the channel is full
    }
    tx.leave()?; // as dropping does; fails if the channel was removed, so that receivers may not get what was sent
    Ok(())
}
