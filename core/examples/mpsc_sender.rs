//! Sends ten events to one receiver. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example mpsc_sender        # as many as you like
//! cargo run --example mpsc_receiver
//! ```
//!
//! The receiver ends when nothing and no sender is left. It removes the channel then.

use memlane::mpsc;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tx = mpsc::Options::new().open_or_create("example-events")?.sender()?;
    for event in 1..=10 {
        tx.send(format!("event {event}").as_bytes())?; // waits while this sender's own lane is full
    }
    tx.leave()?; // as dropping does; fails if the channel was removed, so that the receiver may not get what was sent
    Ok(())
}
