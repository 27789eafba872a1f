//! Sends ten items of news to all receivers. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example broadcast_receiver        # as many as you like
//! cargo run --example broadcast_sender
//! ```
//!
//! A receiver ends when it has everything and the sender has left. The last one to end removes the channel.

use memlane::broadcast;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut tx = broadcast::Options::new().open_or_create("example-news")?.sender()?;
    for item in 1..=10 {
        tx.send(format!("item {item}").as_bytes())?; // waits while the slowest receiver is a whole ring behind
    }
    tx.leave()?; // as dropping does; fails if the channel was removed, so that receivers may not get what was sent
    Ok(())
}
