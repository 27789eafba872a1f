//! A look from outside at a channel in which somebody stands still.

use crate::steps::account::Account;
use anyhow::{Result, ensure};
use memlane::{ChannelStatus, RemoveError};

/// Looks from outside, and tries what must be refused: neither waits.
pub fn look(name: &str, account: &mut Account) -> Result<()> {
    account.begin("inspect");
    let info = memlane::inspect(name)?;
    ensure!(info.status == ChannelStatus::Live, "the channel is {:?}", info.status);
    account.begin("remove");
    let outcome = memlane::remove(name);
    ensure!(matches!(outcome, Err(RemoveError::InUse { .. })), "a channel in use was removed: {outcome:?}");
    Ok(())
}
