//! Going on around somebody who stands still: the others join, do what they can meanwhile, and leave after he has ended.

use crate::steps::Steppable;
use crate::steps::account::Account;
use crate::steps::others::{PATIENCE, Task};
use crate::tracer::{Forked, Rest};
use anyhow::{Context, Result, bail, ensure};
use std::time::Instant;

/// A process, and what it tells of itself.
pub type Told<'a> = (Forked, &'a Account);

/// Starts the others. Returns when they have joined.
pub fn join(kind: &dyn Steppable, task: Task, name: &str, account: &mut Account) -> Result<Forked> {
    account.clear();
    let mut others = Forked::start(|| {
        let outcome = kind.go_on(task, name, account);
        account.ended(outcome)
    })?;
    wait_for_mark(&mut others, || account.call())?;
    Ok(others)
}

/// The others go on, then the one, then the others leave.
pub fn go_on(mut child: Forked, others: Option<Told<'_>>, sleeper: Option<Told<'_>>, by_signal: bool) -> Result<()> {
    if by_signal {
        child.release(true)?;
    }
    let mut others = others;
    if let Some((others, account)) = &mut others {
        others.go_on();
        wait_for_mark(others, || account.call()).context("the others")?;
    }
    if by_signal {
        child.go_on();
    } else {
        child.release(false)?;
    }
    wait_for_end(&mut child, || "its operation".to_owned()).context("the one that had stood still")?;
    if let Some((others, account)) = &mut others {
        others.go_on();
        wait_for_end(others, || account.call()).context("the others")?;
    }
    if let Some((mut sleeper, account)) = sleeper {
        wait_for_end(&mut sleeper, || account.call()).context("who slept")?;
    }
    Ok(())
}

/// Waits until it stands still at a mark.
pub fn wait_for_mark(process: &mut Forked, doing: impl Fn() -> String) -> Result<()> {
    match wait(process, &doing)? {
        Rest::Mark => Ok(()),
        Rest::Ended(status) => bail!("failed in {} (status {status:?})", doing()),
    }
}

/// Waits until it has ended in good order; lets it go on at its marks.
pub fn wait_for_end(process: &mut Forked, doing: impl Fn() -> String) -> Result<()> {
    loop {
        match wait(process, &doing)? {
            Rest::Mark => process.go_on(),
            Rest::Ended(Some(0)) => return Ok(()),
            Rest::Ended(status) => bail!("failed in {} (status {status:?})", doing()),
        }
    }
}

fn wait(process: &mut Forked, doing: impl Fn() -> String) -> Result<Rest> {
    let started = Instant::now();
    loop {
        if let Some(rest) = process.rests()? {
            return Ok(rest);
        }
        ensure!(started.elapsed() < PATIENCE, "hung in {} for {PATIENCE:?}", doing());
        std::thread::yield_now();
    }
}
