//! Prints what one sender sends. In two terminals, in any order:
//!
//! ```sh
//! cargo run --example spsc_receiver
//! cargo run --example spsc_sender
//! ```
//!
//! The receiver removes the channel at the end.

use memlane::spsc;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = spsc::Options::new().open_or_create("example-prices")?;
    let mut rx = channel.receiver()?;
    // Waits while the channel is empty. Ends when the sender has left, or has died, and everything was received.
    for message in rx.messages() {
        println!("{}", String::from_utf8(message?)?);
    }
    rx.leave(); // as dropping does
    channel.remove()?; // without this, the channel stays, for the next sender and receiver
    Ok(())
}
