//! Random bits.

use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};
use std::io;

/// 128 random bits.
pub(crate) fn random_id() -> io::Result<[u8; 16]> {
    let mut id = [0; 16];
    let mut filled = 0;
    while filled < id.len() {
        filled += retry_on_intr(|| getrandom(&mut id[filled..], GetRandomFlags::empty()))?;
    }
    Ok(id)
}
