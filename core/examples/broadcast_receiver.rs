//! Prints all news. In two terminals or more, in any order:
//!
//! ```sh
//! cargo run --example broadcast_receiver        # as many as you like
//! cargo run --example broadcast_receiver NAME   # goes on where the last one of this name was, also if that one was killed
//! cargo run --example broadcast_sender
//! ```
//!
//! A receiver ends when it has everything and the sender has left. The last one to end removes the channel.

use memlane::broadcast::{self, Start};
use memlane::{RecvError, RemoveError};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = broadcast::Options::new().open_or_create("example-news")?;
    let mut rx = match std::env::args().nth(1) {
        Some(name) => channel.receiver_named(&name, Start::Oldest)?,
        None => channel.receiver_from(Start::Oldest)?, // what was sent before it came, too
    };
    loop {
        match rx.recv() {
            Ok(message) => println!("{}", String::from_utf8(message.to_vec())?),
            Err(RecvError::Lagged { lost }) => eprintln!("{lost} items are lost"), // where the sender does not wait
            Err(RecvError::Disconnected) => break,
            Err(error) => return Err(error.into()),
        }
    }
    rx.leave(); // as dropping does
    match channel.remove() {
        Ok(()) | Err(RemoveError::InUse { .. } | RemoveError::NotFound { .. }) => Ok(()), // another one removes it
        Err(error) => Err(error.into()),
    }
}
