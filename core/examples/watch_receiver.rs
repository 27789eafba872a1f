//! Prints a limit, and each change that it comes to see, until it is 10. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example watch_receiver      # as many as you like
//! cargo run --example watch_sender
//! ```
//!
//! A receiver ends with the last value. The last one to end removes the channel.

use memlane::{RecvError, RemoveError, watch};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = watch::Options::new().open_or_create("example-limit")?;
    let mut rx = channel.receiver()?;
    loop {
        match rx.changed() {
            Ok(value) => println!("{} (version {})", String::from_utf8(value)?, rx.version()),
            Err(RecvError::Disconnected) => break, // the sender has left or died, and its last value was printed
            Err(error) => return Err(error.into()),
        }
        if rx.version() >= 10 && rx.peers().senders == 0 {
            break; // the sender had left before this receiver came: then nobody tells it of that
        }
    }
    drop(rx);
    match channel.remove() {
        Ok(()) | Err(RemoveError::InUse { .. } | RemoveError::NotFound { .. }) => Ok(()), // another one removes it
        Err(error) => Err(error.into()),
    }
}
