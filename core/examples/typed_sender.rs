//! Sends ten orders, as structs, to one receiver. In two terminals, in any order:
//!
//! ```sh
//! cargo run --example typed_sender
//! cargo run --example typed_receiver
//! ```
//!
//! The receiver removes the channel at the end.

use memlane::spsc;
use memlane::typed::Schema;
use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
use std::error::Error;

/// The receiver says the same. If it said anything else, the one that comes second would be told so when it opens the channel.
#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Order {
    id: u64,
    price: f64,
    symbol: [u8; 8],
}

fn main() -> Result<(), Box<dyn Error>> {
    let channel = spsc::Options::new().of::<Order>().open_or_create("example-orders")?;
    let mut tx = channel.sender()?;
    for id in 1..=10 {
        tx.send(&Order { id, price: 100.0 + id as f64 / 4.0, symbol: *b"BTCUSDT " })?; // as its bytes; waits while the channel is full
    }
    tx.into_untyped().leave()?; // fails if the channel was removed, so that receivers may not get what was sent
    Ok(())
}
