//! The accounts of a broadcast: each receiver had everything from where it began, or was told what it lost; and those that came by the name
//! had it one after the other.

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
    /// What those had that came by the name, in any order.
    named: Vec<Had>,
    /// Where those ended that drained the channel when its sender had gone.
    ends: Option<Vec<u64>>,
}

impl Default for FanTrial {
    fn default() -> Self {
        let staff = Staff { senders: 1, receivers: 1 };
        Self {
            policy: Policy::Block,
            capacity: 0,
            staff,
            furthest: 0,
            received: 0,
            lost: 0,
            receivers: 0,
            named: Vec::new(),
            ends: None,
        }
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
        let Some(had) = Journal::read(&gone.journal)? else { return Ok(()) };
        let Had { first, end, lost, named } = had;
        ensure!(first + lost <= end, "a receiver that began at {first} and lost {lost} came to {end}");
        ensure!(lost == 0 || self.policy.is_lossy(), "{lost} messages are lost behind {first}");
        self.furthest = self.furthest.max(end);
        self.received += end - first - lost;
        self.lost += lost;
        self.receivers += 1;
        if named {
            self.named.push(had);
        }
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
        let by_name = self.named.len();
        check_successors(self.named, self.policy.is_lossy())?;
        let (received, lost, receivers, drained) = (self.received, self.lost, self.receivers, ends.len());
        let text = format!(
            "{sent} messages sent; {receivers} receivers had {received} and lost {lost}, none of them unnoticed; {by_name} of them \
             came by a name, and went on where that was; {drained} came to the end"
        );
        Ok(Closing { messages: sent, again: 0, text })
    }
}

/// Those that came by the name: each went on behind what the one before had, or with the last message of that one, which died before it
/// released that. A lossy one may have died with what it was told that it lost, before it wrote that down.
fn check_successors(mut had: Vec<Had>, is_lossy: bool) -> Result<()> {
    had.sort_unstable_by_key(|had| (had.first, had.end));
    for pair in had.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let again = u64::from(before.end > before.first);
        let is_behind = after.first + again >= before.end && (is_lossy || after.first <= before.end);
        ensure!(is_behind, "by its name, one came to {}, and the next one began at {}", before.end, after.first);
    }
    Ok(())
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
        receiver(&mut trial, Had { first: 5, end: 10, lost: 0, named: false }, true).unwrap();
        let lossy = Had { first: 5, end: 10, lost: 2, named: false };
        assert!(receiver(&mut trial, lossy, true).unwrap_err().to_string().contains("2 messages are lost"));
        trial.policy = Policy::Overwrite;
        receiver(&mut trial, lossy, true).unwrap();
        assert_eq!((trial.received, trial.lost, trial.furthest), (8, 2, 10));
        assert!(receiver(&mut trial, Had { first: 5, end: 6, lost: 2, named: false }, true).is_err());
    }

    #[test]
    fn one_that_comes_by_a_name_goes_on_where_that_was() {
        let had = |first, end| Had { first, end, lost: 0, named: true };
        let check = |had: &[Had], is_lossy| check_successors(had.to_vec(), is_lossy).is_ok();
        for is_lossy in [false, true] {
            assert!(
                check(&[had(6, 9), had(0, 4), had(4, 4), had(4, 7)], is_lossy),
                "in any order, and one message again"
            );
            assert!(!check(&[had(0, 4), had(2, 7)], is_lossy), "two messages again");
            assert!(!check(&[had(4, 4), had(3, 7)], is_lossy), "it had none");
            assert_eq!(check(&[had(0, 4), had(5, 7)], is_lossy), is_lossy, "a gap");
        }
    }
}
