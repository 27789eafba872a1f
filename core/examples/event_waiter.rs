//! Waits until three things have happened: see `event_setter`.
//!
//! ```sh
//! cargo run --example event_waiter
//! ```

use memlane::event;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let channel = event::Options::new().open_or_create("example-ready")?;
    let mut event = channel.event()?;
    let fired = event.wait_all(0b111)?; // until all three bits are set
    println!("bits {:#b}", fired.bits);
    drop(event);
    let _ = channel.remove(); // unless another one still uses it
    Ok(())
}
