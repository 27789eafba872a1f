//! The accounts of a broadcast: each receiver had everything from where it began, or was told what it lost.

use super::journal::{Had, Journal};
use crate::subject::{Closing, Site, Staff, Trial, Victim};
use crate::waking;
use anyhow::{Result, ensure};
use memlane::broadcast::{Options, Policy};
use memlane::{Info, Role};

/// One more seat for a receiver than there are workers: a visitor's.
pub fn create(policy: Policy, capacity: usize, staff: Staff, site: &Site) -> Result<Box<dyn Trial>> {
    Options::new()
        .capacity(capacity)
        .policy(policy)
        .max_receivers(staff.receivers as usize + 1)
        .max_message(site.payloads()?.max())
        .backend(site.waking.backend())
        .trust_peers(waking::trust())
        .create(&site.channel)?;
    Ok(Box::new(FanTrial { policy, capacity, staff, ..FanTrial::default() }))
}

struct FanTrial {
    policy: Policy,
    capacity: usize,
    staff: Staff,
    /// Behind the last message that a receiver had.
    furthest: u64,
    received: u64,
    lost: u64,
    receivers: u64,
    /// Where those ended that drained the channel when its sender had gone.
    ends: Option<Vec<u64>>,
}

impl Default for FanTrial {
    fn default() -> Self {
        let staff = Staff { senders: 1, receivers: 1 };
        Self { policy: Policy::Block, capacity: 0, staff, furthest: 0, received: 0, lost: 0, receivers: 0, ends: None }
    }
}

impl Trial for FanTrial {
    fn describe(&self) -> String {
        let (policy, capacity, receivers) = (self.policy.name(), self.capacity, self.staff.receivers);
        format!("{receivers} receivers, policy {policy}, ring of {capacity} bytes")
    }

    fn staff(&self) -> Staff {
        self.staff
    }

    /// What it had without a gap, the receiver itself has checked.
    fn account_for(&mut self, gone: &Victim) -> Result<()> {
        if gone.role == Role::Sender {
            return Ok(());
        }
        let Some(Had { first, end, lost }) = Journal::read(&gone.journal)? else { return Ok(()) };
        ensure!(first + lost <= end, "a receiver that began at {first} and lost {lost} came to {end}");
        ensure!(lost == 0 || self.policy.is_lossy(), "{lost} messages are lost behind {first}");
        self.furthest = self.furthest.max(end);
        self.received += end - first - lost;
        self.lost += lost;
        self.receivers += 1;
        if let Some(ends) = &mut self.ends
            && !gone.killed
        {
            ends.push(end);
        }
        Ok(())
    }

    fn senders_are_gone(&mut self) {
        self.ends = Some(Vec::new());
    }

    fn close(self: Box<Self>, info: &Info) -> Result<Closing> {
        let sent = info.lanes.first().map_or(0, |lane| lane.messages);
        ensure!(self.furthest <= sent, "a receiver had message {}, and {sent} were sent", self.furthest);
        let ends = self.ends.unwrap_or_default();
        let short = ends.iter().find(|&&end| end != sent);
        ensure!(short.is_none(), "a receiver that drained the channel came to {short:?} of {sent} messages");
        let (received, lost, receivers, drained) = (self.received, self.lost, self.receivers, ends.len());
        let text = format!(
            "{sent} messages sent; {receivers} receivers had {received} and lost {lost}, none of them unnoticed; {drained} came to the end"
        );
        Ok(Closing { messages: sent, again: 0, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(trial: &mut FanTrial, had: Had, killed: bool) -> Result<()> {
        let journal = std::env::temp_dir().join(format!("memlane-fans-trial-{}-{had:?}", std::process::id()));
        Journal::create(&journal)?.note(had)?;
        let outcome = trial.account_for(&Victim { role: Role::Receiver, number: 0, journal: journal.clone(), killed });
        std::fs::remove_file(journal)?;
        outcome
    }

    #[test]
    fn what_is_lost_is_a_fault_unless_the_sender_overwrites() {
        let mut trial = FanTrial::default();
        receiver(&mut trial, Had { first: 5, end: 10, lost: 0 }, true).unwrap();
        let lossy = Had { first: 5, end: 10, lost: 2 };
        assert!(receiver(&mut trial, lossy, true).unwrap_err().to_string().contains("2 messages are lost"));
        trial.policy = Policy::Overwrite;
        receiver(&mut trial, lossy, true).unwrap();
        assert_eq!((trial.received, trial.lost, trial.furthest), (8, 2, 10));
        assert!(receiver(&mut trial, Had { first: 5, end: 6, lost: 2 }, true).is_err());
    }
}
