//! Messages of a broadcast to one receiver, beside programs that only look on.

use crate::contest::{Contest, End, Open, Target, Watch};
use crate::onlookers::Onlookers;
use crate::payload;
use anyhow::{Result, bail};
use memlane::RecvError;
use memlane::broadcast::{Options, Policy, Receiver, Sender, open};
use std::path::Path;

/// Between two processes, of which the sender holds the watch. Three may look on.
pub fn beside_onlookers<const N: usize>(room: usize, policy: Policy, has_onlookers: bool) -> Contest {
    let (id, label, target) = match has_onlookers {
        false => ("alone", "memlane broadcast", None),
        true => (
            "onlookers",
            "the same, and three that may only read: one killed, one stopped, one that tries to write",
            Some(Target::BESIDE_ONLOOKERS),
        ),
    };
    Contest {
        id: format!("beside-{N}-{room}-{}-{id}", policy.name()),
        label: label.to_owned(),
        open: Open::Processes {
            lead: Box::new(move |path| Ok(Box::new(Sending::<N>::new(path, room, policy, has_onlookers)?))),
            partner: Box::new(|path| Ok(Box::new(Receiving::<N>::new(path)?))),
        },
        may_sleep: true,
        target,
    }
}

struct Sending<const N: usize> {
    tx: Sender,
    number: u64,
    /// Those that look on go with it.
    _onlookers: Option<Onlookers>,
}

impl<const N: usize> Sending<N> {
    fn new(path: &Path, room: usize, policy: Policy, has_onlookers: bool) -> Result<Self> {
        let options = Options::new().capacity(room).policy(policy).persistent(true).mode(0o644);
        let tx = options.create(&path.display().to_string())?.sender()?;
        let onlookers = if has_onlookers { Some(Onlookers::of(path)?) } else { None };
        Ok(Self { tx, number: 0, _onlookers: onlookers })
    }
}

impl<const N: usize> End for Sending<N> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        let mut message = [0; N];
        let last = self.number + operations;
        for number in self.number + 1..=last {
            payload::write(&mut message, number);
            self.tx.send(&message)?;
        }
        self.number = last;
        Ok(())
    }
}

struct Receiving<const N: usize> {
    rx: Receiver,
    last: u64,
}

impl<const N: usize> Receiving<N> {
    fn new(path: &Path) -> Result<Self> {
        Ok(Self { rx: open(&path.display().to_string())?.receiver()?, last: 0 })
    }
}

impl<const N: usize> End for Receiving<N> {
    /// What it lost counts as received: perhaps more than its part, of which it then does less.
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut message = [0; N];
        self.last += operations;
        while self.rx.next_sequence() < self.last {
            match self.rx.recv_into(&mut message) {
                Ok(_) => watch.check(payload::is(&message, self.rx.next_sequence())),
                Err(RecvError::Lagged { .. }) => {}
                Err(error) => bail!(error),
            }
        }
        Ok(())
    }
}
