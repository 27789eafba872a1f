//! `mpmc` next to who writes garbage: few slots, two priorities, and one seat more than there are participants.

use super::calls::{Cast, calls};
use super::probe::LENGTH;
use anyhow::Result;
use memlane::mpmc;

pub const CAST: Cast = Cast { create, send, receive };

fn create(name: &str) -> Result<()> {
    let options = mpmc::Options::new().slots(6).max_message(LENGTH as u64).priorities(2);
    options.max_senders(2).max_receivers(1).create(name)?;
    Ok(())
}

calls!(mpmc);
