//! `spsc` next to who writes garbage: the smallest ring.

use super::calls::{Cast, calls};
use anyhow::Result;
use memlane::spsc;

pub const CAST: Cast = Cast { create, send, receive };

fn create(name: &str) -> Result<()> {
    spsc::Options::new().capacity(4096).create(name)?;
    Ok(())
}

calls!(spsc);
