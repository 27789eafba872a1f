//! Prints what many senders send. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example mpsc_receiver
//! cargo run --example mpsc_sender        # as many as you like
//! ```
//!
//! The receiver ends when nothing and no sender is left. It removes the channel then.

use memlane::mpsc;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = mpsc::Options::new().open_or_create("example-events")?;
    let mut rx = channel.receiver()?;
    // Waits while every lane is empty. Ends when all senders have left, or have died, and everything was received.
    for message in rx.messages() {
        println!("{}", String::from_utf8(message?)?);
    }
    rx.leave(); // as dropping does
    channel.remove()?; // without this, the channel stays, for the next senders and receiver
    Ok(())
}
