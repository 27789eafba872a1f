//! A kind whose processes are stepped, whichever it is.

use super::account::{Account, Delivered};
use super::others::{self, Task};
use super::scenario::{Scenario, State};
use super::{acts, survivor};
use crate::subject::{Kind, Store, Subject};
use crate::waking::Waking;
use anyhow::{Result, bail};
use memlane::Role;
use std::path::Path;

/// What its processes do: see [`acts`], [`others`] and [`survivor`].
pub trait Steppable: Kind {
    /// Creates a channel and brings it into this state. Returns how many messages were sent, and the numbers of those that
    /// are still there.
    fn prepare(&self, waking: Waking, state: State, name: &str) -> Result<(u64, Vec<u64>)>;

    /// The one that is stepped.
    fn act(&self, scenario: &Scenario, name: &str, account: &mut Account) -> Result<()>;

    /// One that is stepped through a join.
    fn join(&self, role: Role, name: &str) -> Result<()>;

    /// Two that hold something, until this process ends.
    fn hold(&self, name: &str) -> Result<()>;

    /// One that sleeps until it is woken, and keeps what it then gets; and one that then leaves.
    fn sleep(&self, name: &str) -> Result<()>;
    fn sleep_and_leave(&self, name: &str, account: &mut Account) -> Result<()>;

    /// Those that go on around one that stands still.
    fn go_on(&self, task: Task, name: &str, account: &mut Account) -> Result<()>;

    /// Those that come where one stands still that reaps, and get these messages.
    fn get_everything(&self, name: &str, queued: &[u64], account: &mut Account) -> Result<()>;

    /// Those that come when everybody has gone. Returns what was in the channel. `sent`: how many messages were sent to it until
    /// then, if these were in it.
    fn survive(&self, path: &Path, sent: &dyn Fn(&[Delivered]) -> u64) -> Result<Vec<Delivered>>;
}

impl<K: Subject> Steppable for K {
    fn prepare(&self, waking: Waking, state: State, name: &str) -> Result<(u64, Vec<u64>)> {
        acts::prepare::<K>(waking, state, name)
    }

    fn act(&self, scenario: &Scenario, name: &str, account: &mut Account) -> Result<()> {
        acts::act::<K>(scenario, name, account)
    }

    fn join(&self, role: Role, name: &str) -> Result<()> {
        acts::join::<K>(role, name)
    }

    fn hold(&self, name: &str) -> Result<()> {
        acts::hold::<K>(name)
    }

    fn sleep(&self, name: &str) -> Result<()> {
        acts::sleep::<K>(name)
    }

    fn sleep_and_leave(&self, name: &str, account: &mut Account) -> Result<()> {
        acts::sleep_and_leave::<K>(name, account)
    }

    fn go_on(&self, task: Task, name: &str, account: &mut Account) -> Result<()> {
        match self.facts().store {
            Store::Lanes => others::lane::go_on::<K>(task, name, account),
            Store::Slots => others::queue::go_on::<K>(task, name, account),
            Store::Value | Store::Fan => bail!("this kind has steps of its own"),
        }
    }

    fn get_everything(&self, name: &str, queued: &[u64], account: &mut Account) -> Result<()> {
        others::reaped::get_everything::<K>(name, queued, account)
    }

    fn survive(&self, path: &Path, sent: &dyn Fn(&[Delivered]) -> u64) -> Result<Vec<Delivered>> {
        survivor::survive::<K>(path, sent)
    }
}
