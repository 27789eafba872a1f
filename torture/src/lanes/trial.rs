//! The accounts of lanes: in each, what every receiver had begins where its predecessor stopped, or within what that one had not
//! published, and all that was sent was delivered.

use super::journal::{Had, Journal};
use super::kind::OnLanes;
use super::message::identity;
use crate::payload::Payloads;
use crate::subject::{Closing, LaneShape, Site, Staff, Trial, Victim};
use crate::waking;
use anyhow::{Result, ensure};
use memlane::{Info, Role};
use std::collections::BTreeMap;

/// `visitors`: seats of senders that no worker needs.
pub fn create<K: OnLanes>(shape: &LaneShape, staff: Staff, visitors: u32, site: &Site) -> Result<Box<dyn Trial>> {
    let payloads = site.payloads()?;
    // So few that the seats of the dead are taken again all the time.
    K::shaped(shape, Staff { senders: staff.senders + visitors, ..staff })
        .max_message(payloads.max())
        .backend(site.waking.backend())
        .trust_peers(waking::trust())
        .create(&site.channel)?;
    Ok(Box::new(LaneTrial { shape: *shape, staff, payloads, lanes: BTreeMap::new(), receivers_that_had_messages: 0 }))
}

struct LaneTrial {
    shape: LaneShape,
    staff: Staff,
    payloads: Payloads,
    lanes: BTreeMap<u32, Lane>,
    receivers_that_had_messages: u64,
}

/// What receivers had of a lane.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    /// One past the last message that any of them had.
    delivered: u64,
    repeated: u64,
}

impl Trial for LaneTrial {
    fn describe(&self) -> String {
        let LaneShape { capacity, record_alignment } = self.shape;
        match self.staff.senders {
            1 => format!("ring of {capacity} bytes, records at multiples of {record_alignment}"),
            senders => {
                format!("{senders} senders, rings of {capacity} bytes, records at multiples of {record_alignment}")
            }
        }
    }

    fn staff(&self) -> Staff {
        self.staff
    }

    /// Compares what a receiver had with what its predecessors had.
    fn account_for(&mut self, gone: &Victim) -> Result<()> {
        if gone.role == Role::Sender {
            return Ok(());
        }
        let had = Journal::read(&gone.journal)?;
        self.receivers_that_had_messages += u64::from(!had.is_empty());
        for (number, Had { first, end }) in had {
            let lane = self.lanes.entry(number).or_default();
            let delivered = lane.delivered;
            ensure!(first <= delivered, "messages {delivered}..{first} of lane {number} are missing");
            // What the dead one held when it died was not released; before that, up to 1/8 of the ring was not published.
            let record = |sequence| {
                (self.payloads.length(identity(number, sequence)) + 8).next_multiple_of(self.shape.record_alignment)
            };
            let unpublished: usize = (first..delivered.saturating_sub(1)).map(record).sum();
            let may_come_again = unpublished < self.shape.capacity / 8;
            ensure!(may_come_again, "messages {first}..{delivered} of lane {number} came again");
            lane.repeated += delivered - first;
            lane.delivered = delivered.max(end);
        }
        Ok(())
    }

    fn close(self: Box<Self>, info: &Info) -> Result<Closing> {
        let unknown = self.lanes.keys().find(|&&number| number as usize >= info.lanes.len());
        ensure!(unknown.is_none(), "messages came from lane {unknown:?}, which the channel does not have");
        let (mut messages, mut again) = (0, 0);
        for (number, of_lane) in (0..).zip(&info.lanes) {
            let Lane { delivered, repeated } = self.lanes.get(&number).copied().unwrap_or_default();
            let sent = of_lane.messages;
            ensure!(sent == delivered, "lane {number}: {sent} messages were sent, {delivered} delivered");
            messages += sent;
            again += repeated;
        }
        let receivers = self.receivers_that_had_messages;
        let text = format!(
            "{messages} messages sent and delivered, {again} of them again; {receivers} receivers had messages"
        );
        Ok(Closing { messages, again, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receiver that had this of a lane.
    fn receiver(trial: &mut LaneTrial, lane: u32, first: u64, end: u64) -> Result<()> {
        let journal = std::env::temp_dir().join(format!("memlane-lanes-trial-{}-{lane}-{first}", std::process::id()));
        Journal::create(&journal)?.note(lane, Had { first, end })?;
        let outcome =
            trial.account_for(&Victim { role: Role::Receiver, number: 0, journal: journal.clone(), killed: true });
        std::fs::remove_file(journal)?;
        outcome
    }

    fn trial() -> LaneTrial {
        LaneTrial {
            shape: LaneShape { capacity: 16 << 10, record_alignment: 8 },
            staff: Staff { senders: 2, receivers: 1 },
            payloads: Payloads::new(None).unwrap(),
            lanes: BTreeMap::new(),
            receivers_that_had_messages: 0,
        }
    }

    #[test]
    fn every_lane_has_an_account_of_its_own() {
        let mut trial = trial();
        receiver(&mut trial, 0, 0, 10).unwrap();
        receiver(&mut trial, 3, 0, 5).unwrap();
        receiver(&mut trial, 0, 9, 20).unwrap();
        let error = receiver(&mut trial, 3, 6, 7).unwrap_err().to_string();
        assert!(error.contains("5..6 of lane 3 are missing"), "{error}");
        let error = receiver(&mut trial, 0, 0, 21).unwrap_err().to_string();
        assert!(error.contains("0..20 of lane 0 came again"), "{error}");
        assert_eq!(trial.lanes[&0].repeated, 1);
    }
}
