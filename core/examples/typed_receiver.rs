//! Prints the orders that one sender sends as structs. In two terminals, in any order:
//!
//! ```sh
//! cargo run --example typed_receiver
//! cargo run --example typed_sender
//! ```
//!
//! The receiver removes the channel at the end.

use memlane::spsc;
use memlane::typed::Schema;
use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
use std::error::Error;

/// The sender says the same. If it said anything else, the one that comes second would be told so when it opens the channel.
#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Order {
    id: u64,
    price: f64,
    symbol: [u8; 8],
}

fn main() -> Result<(), Box<dyn Error>> {
    let channel = spsc::Options::new().of::<Order>().open_or_create("example-orders")?;
    let mut rx = channel.receiver()?;
    // Waits while the channel is empty. Ends when the sender has left, or has died, and everything was received.
    for order in rx.values() {
        let Order { id, price, symbol } = order?;
        println!("order {id}: {} at {price}", str::from_utf8(&symbol)?.trim_end());
    }
    drop(rx);
    channel.untyped().remove()?; // without this, the channel stays, for the next sender and receiver
    Ok(())
}
