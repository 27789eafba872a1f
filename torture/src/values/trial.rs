//! The accounts of a value: each sender goes on behind what was set before, and nobody has what was never set.

use super::journal::{Had, Journal};
use crate::subject::{Closing, Site, Staff, Trial, Victim};
use crate::waking;
use anyhow::{Context, Result, ensure};
use memlane::watch::Options;
use memlane::{Info, Role};

/// One more seat for a receiver than there are workers: a visitor's.
pub fn create(longest: usize, staff: Staff, site: &Site) -> Result<Box<dyn Trial>> {
    let options = Options::new().max_message(longest).max_receivers(staff.receivers as usize + 1);
    options.backend(site.waking.backend()).trust_peers(waking::trust()).create(&site.channel)?;
    Ok(Box::new(ValueTrial { longest, staff, ..ValueTrial::default() }))
}

struct ValueTrial {
    longest: usize,
    staff: Staff,
    /// The last version that a sender is known to have set.
    set: u64,
    /// The last version that a receiver had.
    seen: u64,
    /// Values that senders had set when they died, and had not written down.
    unnoted: u64,
    senders: u64,
    /// What the last receiver that left in good order had last.
    farewell: Option<u64>,
}

impl Default for ValueTrial {
    fn default() -> Self {
        let staff = Staff { senders: 1, receivers: 1 };
        Self { longest: 0, staff, set: 0, seen: 0, unnoted: 0, senders: 0, farewell: None }
    }
}

impl Trial for ValueTrial {
    fn describe(&self) -> String {
        format!("{} receivers, values of up to {} bytes", self.staff.receivers, self.longest)
    }

    fn staff(&self) -> Staff {
        self.staff
    }

    /// Compares where a sender began with what its predecessor had set. A predecessor's journal comes first, since there is one at
    /// a time.
    fn account_for(&mut self, gone: &Victim) -> Result<()> {
        let Some(Had { first, last }) = Journal::read(&gone.journal)? else { return Ok(()) };
        ensure!(first <= last, "a worker went back from {first} to {last}");
        if gone.role == Role::Sender {
            let set = self.set;
            ensure!(first >= set, "a sender went on behind {first}, though {set} was set: that one is lost");
            ensure!(first <= set + 1, "a sender went on behind {first}, though nothing behind {} was in hand", set + 1);
            self.unnoted += first - set;
            self.set = last;
            self.senders += 1;
        } else {
            self.seen = self.seen.max(last);
            if !gone.killed {
                self.farewell = Some(last);
            }
        }
        Ok(())
    }

    /// The sender that died last may have set one that it had not written down.
    fn close(self: Box<Self>, info: &Info) -> Result<Closing> {
        let value = info.value.context("a channel without a value")?;
        let (set, version) = (self.set, value.version);
        ensure!((set..=set + 1).contains(&version), "the last version is {version}, though {set} was the last one set");
        ensure!(self.seen <= version, "a receiver had version {}, and {version} is the last one", self.seen);
        let farewell = self.farewell.unwrap_or(version);
        ensure!(farewell == version, "a receiver left with version {farewell}, and {version} is the last one");
        let text = format!(
            "{version} values set by {} senders, {} of them in hand when their sender died; none torn, none went back, none lost",
            self.senders,
            self.unnoted + (version - set)
        );
        Ok(Closing { messages: version, again: 0, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(trial: &mut ValueTrial, role: Role, first: u64, last: u64) -> Result<()> {
        let journal = std::env::temp_dir().join(format!("memlane-values-trial-{}-{first}-{last}", std::process::id()));
        Journal::create(&journal)?.note(Had { first, last })?;
        let outcome = trial.account_for(&Victim { role, number: 0, journal: journal.clone(), killed: true });
        std::fs::remove_file(journal)?;
        outcome
    }

    #[test]
    fn a_sender_goes_on_behind_what_was_set_or_in_hand() {
        let mut trial = ValueTrial::default();
        worker(&mut trial, Role::Sender, 0, 10).unwrap();
        worker(&mut trial, Role::Sender, 10, 20).unwrap();
        worker(&mut trial, Role::Sender, 21, 30).unwrap();
        assert_eq!((trial.unnoted, trial.set), (1, 30));
        let error = worker(&mut trial, Role::Sender, 29, 40).unwrap_err().to_string();
        assert!(error.contains("is lost"), "{error}");
        let error = worker(&mut trial, Role::Sender, 32, 40).unwrap_err().to_string();
        assert!(error.contains("was in hand"), "{error}");
        worker(&mut trial, Role::Receiver, 5, 25).unwrap();
        assert_eq!(trial.seen, 25);
    }
}
