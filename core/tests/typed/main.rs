//! Typed channels, over every kind and `any`, with both ways of waking, wherever the channel lives.
//!
//! - `stage`: the channels of a test. `transfer`: values that come and go, between threads and between processes. `unreadable`: messages
//!   that are no values. `opening`: channels of another type. `in_place`: references to values. `schema`: the names of types. `coded`:
//!   values that a codec writes.

#[path = "../support/mod.rs"]
mod support;

mod coded;
mod in_place;
mod opening;
mod schema;
mod stage;
mod transfer;
mod unreadable;

/// Another process's part.
#[test]
fn child_part() {
    support::child::play(&transfer::parts());
}
