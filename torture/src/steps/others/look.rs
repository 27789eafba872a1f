//! Looks at a channel in which somebody stands still.

use super::task::Task;
use crate::steps::account::Account;
use crate::subject::Facts;
use anyhow::{Result, bail, ensure};
use memlane::{ChannelStatus, JoinError, RecvTimeoutError, RemoveError};
use std::fmt::Debug;

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

/// What came of a wait behind all that there was: nothing, in time; or, where the one that stands still may have left, the end.
pub fn check_wait_in_vain<T: Debug>(task: Task, outcome: Result<T, RecvTimeoutError>) -> Result<()> {
    match outcome {
        Err(RecvTimeoutError::Timeout) => Ok(()),
        Err(RecvTimeoutError::Disconnected) if task.scenario.joins_or_leaves() => Ok(()),
        other => bail!("behind all that there was came {other:?}"),
    }
}

/// Who stands still keeps its seat; who is about to take or to leave it may not have it. Where there are several, another one is free.
pub fn check_seat(task: Task, outcome: Result<(), JoinError>) -> Result<()> {
    let Facts { many_senders, many_receivers, .. } = task.scenario.facts;
    let is_shared = if task.scenario.is_sending() { many_senders } else { many_receivers };
    match outcome {
        Err(JoinError::RoleTaken { .. }) if !is_shared => Ok(()),
        Ok(()) if is_shared || task.scenario.joins_or_leaves() => Ok(()),
        other => bail!("the stopped one's seat: {other:?}"),
    }
}
