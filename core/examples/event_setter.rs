//! Says three times that something happened. In two terminals or more, the waiters first:
//!
//! ```sh
//! cargo run --example event_waiter      # as many as you like
//! cargo run --example event_setter
//! ```
//!
//! Each waiter sees all three, however slow it is. The last one to end removes the channel.

use memlane::event;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = event::Options::new().open_or_create("example-ready")?;
    let mut event = channel.event()?;
    for bit in [0, 1, 2] {
        event.set(1 << bit)?; // wakes all that wait, and stays set
    }
    drop(event);
    let _ = channel.remove(); // unless a waiter still uses it
    Ok(())
}
