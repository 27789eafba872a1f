//! What all journals together say about the messages of a queue: a message goes to one receiver, and comes again if that
//! one died or gave it back.
//!
//! Deliveries of one message follow each other, by the clock that all processes share. A delivery ends in one of five
//! ways, and what may follow depends on that:
//!
//! | the journal ends with | so the receiver | delivered again |
//! | --- | --- | --- |
//! | acknowledged | returned from the call | never |
//! | acknowledging | was killed in the call | perhaps |
//! | got | was killed holding it | always; by the policy `discard`, never |
//! | giving back | was killed in the call | always; by the policy `discard`, perhaps |
//! | gave back | returned from the call | always, unless it is discarded with its next receiver |
//!
//! A receiver that is killed between taking a message and writing it down leaves nothing but the channel's own count: the
//! next delivery is marked though it is the first in any journal; or the message is discarded, and in no journal at all.

use super::journal::{Event, Got, Record, Sent};
use crate::payload::Identity;
use anyhow::{Result, bail, ensure};
use std::collections::{BTreeMap, HashMap};

/// What the channel promises about messages whose receiver died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterDeath {
    /// They are delivered again.
    Again,
    /// They are gone, and counted.
    Gone,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Held,
    Acknowledging,
    Acknowledged,
    GivingBack,
    GaveBack,
}

/// A delivery, by its receiver's journal.
#[derive(Debug, Clone, Copy)]
struct Delivery {
    got: Got,
    at_ns: u64,
    /// When the receiver let go of it, at the earliest.
    until_ns: u64,
    end: End,
}

/// All that was written down.
pub struct Ledger {
    after_death: AfterDeath,
    /// Messages that a receiver holds at once, at most.
    held_max: u64,
    senders: BTreeMap<u32, Sent>,
    deliveries: Vec<Delivery>,
    receivers_killed: u64,
    findings: Findings,
}

/// What was found, none of it wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    /// Different messages that were delivered.
    pub messages: u64,
    /// Deliveries of messages that had been delivered before.
    pub again: u64,
    /// Deliveries that nobody wrote down, by the channel's count: their receivers were killed just before.
    pub unwritten: u64,
    /// Senders killed inside a call that sends.
    pub in_send: u64,
    /// Messages that such a call had sent nevertheless.
    pub sent_in_send: u64,
    /// Receivers killed while they held messages, acknowledged some, or gave some back.
    pub holding: u64,
    pub acknowledging: u64,
    pub giving_back: u64,
    /// Messages that are gone with a dead receiver.
    pub gone: u64,
    /// Messages of which nobody can know: whoever sent, acknowledged or gave them back was killed in the call.
    pub unknown: u64,
}

impl Ledger {
    pub fn new(after_death: AfterDeath, held_max: u64) -> Self {
        Self {
            after_death,
            held_max,
            senders: BTreeMap::new(),
            deliveries: Vec::new(),
            receivers_killed: 0,
            findings: Findings::default(),
        }
    }

    /// A sender's journal is complete.
    pub fn sender_gone(&mut self, sender: u32, sent: Sent) -> Result<()> {
        ensure!(sent.committed <= sent.intended, "sender {sender} committed more than it intended: {sent:?}");
        self.findings.in_send += u64::from(sent.committed < sent.intended);
        ensure!(self.senders.insert(sender, sent).is_none(), "there were two senders {sender}");
        Ok(())
    }

    /// A receiver's journal is complete.
    pub fn receiver_gone(&mut self, receiver: u32, killed: bool, records: &[Record]) -> Result<()> {
        self.receivers_killed += u64::from(killed);
        let last_ns = records.last().map_or(0, |record| record.at_ns);
        let mut held: Vec<Delivery> = Vec::new();
        let mut latest = HashMap::new();
        for &Record { event, at_ns } in records {
            match event {
                Event::Got(got) => {
                    in_order_of_sending(receiver, got, &mut latest)?;
                    held.push(Delivery { got, at_ns, until_ns: last_ns, end: End::Held });
                }
                Event::Acknowledging | Event::GivingBack => {
                    let end = if event == Event::Acknowledging { End::Acknowledging } else { End::GivingBack };
                    held.iter_mut().for_each(|delivery| (delivery.end, delivery.until_ns) = (end, at_ns));
                }
                Event::Acknowledged | Event::GaveBack => {
                    let end = if event == Event::Acknowledged { End::Acknowledged } else { End::GaveBack };
                    held.iter_mut().for_each(|delivery| delivery.end = end);
                    self.deliveries.append(&mut held);
                }
            }
        }
        if let Some(Delivery { end, .. }) = held.first() {
            ensure!(killed, "receiver {receiver} left in good order, and kept {} messages", held.len());
            match end {
                End::Acknowledging => self.findings.acknowledging += 1,
                End::GivingBack => self.findings.giving_back += 1,
                _ => self.findings.holding += 1,
            }
            self.deliveries.append(&mut held);
        }
        Ok(())
    }

    /// Everybody is gone, and the channel says that so many messages were discarded: whether it all adds up.
    pub fn close(mut self, discarded: u64) -> Result<Findings> {
        self.deliveries.sort_unstable_by_key(|delivery| (delivery.got.message, delivery.at_ns));
        let deliveries = std::mem::take(&mut self.deliveries);
        let senders = std::mem::take(&mut self.senders);
        let mut next: BTreeMap<u32, u64> = senders.keys().map(|&sender| (sender, 0)).collect();
        for message in deliveries.chunk_by(|one, other| one.got.message == other.got.message) {
            let identity = message[0].got.message;
            let Identity { sender, sequence, .. } = identity;
            let (Some(sent), Some(next)) = (senders.get(&sender), next.get_mut(&sender)) else {
                bail!("{identity:?} came from nowhere: there was no such sender");
            };
            ensure!(sequence < sent.intended, "{identity:?} came from nowhere: its sender says {sent:?}");
            ensure!(sequence >= *next, "{identity:?} came under two priorities");
            // Whatever comes before one that was sent was sent, too.
            self.missing(sender, *next..sequence)?;
            *next = sequence + 1;
            self.judge(message)?;
        }
        for (sender, next) in next {
            let Sent { intended, committed } = senders[&sender];
            self.missing(sender, next..committed.max(next))?;
            self.findings.unknown += intended - next.max(committed);
            self.findings.sent_in_send += next.saturating_sub(committed);
        }
        self.compare_with_the_count(discarded)
    }

    /// Messages that were sent, and that no journal knows.
    fn missing(&mut self, sender: u32, sequences: std::ops::Range<u64>) -> Result<()> {
        let some = !sequences.is_empty();
        ensure!(!some || self.after_death == AfterDeath::Gone, "messages {sequences:?} of sender {sender} are missing");
        self.findings.gone += sequences.count() as u64;
        Ok(())
    }

    /// All deliveries of one message, in order.
    fn judge(&mut self, deliveries: &[Delivery]) -> Result<()> {
        let (message, after_death) = (deliveries[0].got.message, self.after_death);
        let mut counted = 0;
        for (index, delivery) in deliveries.iter().enumerate() {
            let Got { marked, deliveries: count, .. } = delivery.got;
            if let Some(previous) = index.checked_sub(1).map(|index| &deliveries[index]) {
                match (previous.end, after_death) {
                    (End::Acknowledged, _) => bail!("{message:?} came again after its acknowledgement had returned"),
                    (End::Held | End::Acknowledging, AfterDeath::Gone) => {
                        bail!("{message:?} was to be gone, and came again")
                    }
                    _ => {}
                }
                ensure!(delivery.at_ns > previous.until_ns, "two receivers had {message:?} at once");
                ensure!(marked, "{message:?} came again and was not marked");
            }
            ensure!(marked == (count > 1), "{message:?} was delivered {count} times by count, but marked: {marked}");
            ensure!(count > counted, "{message:?}: a delivery was counted as number {count} behind number {counted}");
            self.findings.unwritten += u64::from(count - counted - 1);
            counted = count;
        }
        self.findings.messages += 1;
        self.findings.again += deliveries.len() as u64 - 1;
        let last = deliveries[deliveries.len() - 1].end;
        match (last, after_death) {
            (End::Acknowledged, _) => {}
            (End::Acknowledging, _) => self.findings.unknown += 1,
            // What was given back went to one who was killed before writing it down.
            (_, AfterDeath::Gone) => self.findings.gone += 1,
            _ => bail!("{message:?} is lost: its last delivery ended with {last:?}"),
        }
        Ok(())
    }

    /// What died with receivers is no more than they can have held, and is what the channel counted.
    fn compare_with_the_count(&self, discarded: u64) -> Result<Findings> {
        let Findings { gone, unknown, unwritten, .. } = self.findings;
        let held_max = self.receivers_killed * self.held_max;
        ensure!(
            gone + unwritten <= held_max,
            "{gone} messages are gone and {unwritten} deliveries were not written down"
        );
        match self.after_death {
            AfterDeath::Again => ensure!(discarded == 0, "the channel says that it discarded {discarded}"),
            AfterDeath::Gone => {
                ensure!(unwritten == 0, "{unwritten} messages were to be gone, and came again");
                let possible = gone..=gone + unknown;
                ensure!(possible.contains(&discarded), "{possible:?} messages are gone, and {discarded} were counted");
            }
        }
        Ok(self.findings)
    }
}

/// Messages of one sender and one priority reach a receiver in order, except for those that come again.
fn in_order_of_sending(receiver: u32, got: Got, latest: &mut HashMap<(u32, u32), u64>) -> Result<()> {
    let Identity { sender, sequence, priority } = got.message;
    if !got.marked {
        let previous = latest.insert((sender, priority), sequence);
        ensure!(
            previous.is_none_or(|previous| previous < sequence),
            "receiver {receiver} got {:?} behind number {previous:?}",
            got.message
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent = Sent { intended: 3, committed: 2 };

    fn got(sequence: u64, deliveries: u16) -> Event {
        let message = Identity { sender: 1, sequence, priority: 0 };
        Event::Got(Got { message, marked: deliveries > 1, deliveries })
    }

    /// One receiver after the other: whether it was killed, and its events.
    fn close(after_death: AfterDeath, discarded: u64, receivers: &[(bool, &[Event])]) -> Result<Findings> {
        let mut ledger = Ledger::new(after_death, 2);
        ledger.sender_gone(1, SENT)?;
        let mut at_ns = 0;
        for (number, (killed, events)) in receivers.iter().enumerate() {
            let mut record = |&event| {
                at_ns += 1;
                Record { event, at_ns }
            };
            let records: Vec<Record> = events.iter().map(&mut record).collect();
            ledger.receiver_gone(number as u32, *killed, &records)?;
        }
        ledger.close(discarded)
    }

    use AfterDeath::{Again, Gone};
    use Event::{Acknowledged, Acknowledging, GaveBack, GivingBack};

    #[track_caller]
    fn refused(because: &str, result: Result<Findings>) {
        let error = result.expect_err(because).to_string();
        assert!(error.contains(because), "{error}");
    }

    #[test]
    fn what_is_in_order_is_counted() {
        let all = [got(0, 1), got(1, 1), Acknowledging, Acknowledged];
        let findings = close(Again, 0, &[(false, &all)]).unwrap();
        assert_eq!(findings, Findings { messages: 2, unknown: 1, in_send: 1, ..Findings::default() });
        let held = [got(0, 1), GivingBack, GaveBack, got(1, 1), got(2, 1)];
        let rest = [got(1, 2), got(2, 2), Acknowledging, Acknowledged, got(0, 3), Acknowledging];
        let findings = close(Again, 0, &[(true, &held), (true, &rest)]).unwrap();
        assert_eq!((findings.messages, findings.again, findings.sent_in_send), (3, 3, 1));
        assert_eq!((findings.holding, findings.acknowledging, findings.unwritten), (1, 1, 1));
    }

    #[test]
    fn a_message_that_is_missing_is_noticed() {
        refused("are missing", close(Again, 0, &[(false, &[got(0, 1), Acknowledging, Acknowledged])]));
        refused("are missing", close(Again, 0, &[(false, &[got(1, 1), Acknowledging, Acknowledged])]));
        let taken = [got(0, 1), got(1, 1)];
        refused("is lost", close(Again, 0, &[(true, &taken)]));
        refused("is lost", close(Again, 0, &[(true, &[got(0, 1), got(1, 1), GivingBack])]));
        refused("is lost", close(Again, 0, &[(true, &[got(0, 1), got(1, 1), GivingBack, GaveBack])]));
        refused("kept 2 messages", close(Again, 0, &[(false, &taken)]));
    }

    #[test]
    fn a_message_that_comes_again_wrongly_is_noticed() {
        let done = [got(0, 1), got(1, 1), Acknowledging, Acknowledged];
        let again = [got(1, 2), Acknowledging, Acknowledged];
        refused("after its acknowledgement", close(Again, 0, &[(false, &done), (false, &again)]));
        let unmarked = [got(0, 1), got(1, 1), Acknowledging, Acknowledged];
        refused("not marked", close(Again, 0, &[(true, &[got(0, 1)]), (false, &unmarked)]));
        refused("to be gone", close(Gone, 0, &[(true, &[got(1, 1)]), (false, &again)]));
        let skipped = [got(0, 1), got(1, 2), Acknowledging, Acknowledged];
        refused("not written down", close(Again, 0, &[(false, &skipped)]));
        assert_eq!(close(Again, 0, &[(true, &[]), (false, &skipped)]).unwrap().unwritten, 1);
    }

    #[test]
    fn a_message_that_two_have_at_once_is_noticed() {
        let mut ledger = Ledger::new(Again, 2);
        ledger.sender_gone(1, Sent { intended: 1, committed: 1 }).unwrap();
        let record = |event, at_ns| Record { event, at_ns };
        ledger.receiver_gone(0, true, &[record(got(0, 1), 1), record(GivingBack, 5)]).unwrap();
        let second = [record(got(0, 2), 3), record(Acknowledging, 6), record(Acknowledged, 7)];
        ledger.receiver_gone(1, false, &second).unwrap();
        refused("at once", ledger.close(0));
    }

    #[test]
    fn a_message_from_nowhere_and_one_out_of_order_are_noticed() {
        let beyond = [got(0, 1), got(1, 1), got(2, 1), got(3, 1), Acknowledging, Acknowledged];
        refused("from nowhere", close(Again, 0, &[(false, &beyond)]));
        refused("behind number", close(Again, 0, &[(false, &[got(1, 1), got(0, 1)])]));
    }

    #[test]
    fn what_died_with_a_receiver_is_what_was_counted() {
        let held = [got(0, 1), got(1, 1)];
        assert_eq!(close(Gone, 2, &[(true, &held)]).unwrap().gone, 2);
        assert_eq!(close(Gone, 3, &[(true, &held)]).unwrap().unknown, 1);
        refused("were counted", close(Gone, 1, &[(true, &held)]));
        refused("were counted", close(Gone, 4, &[(true, &held)]));
        assert_eq!(close(Gone, 2, &[(true, &[got(0, 1), got(1, 1), GivingBack, GaveBack])]).unwrap().gone, 2);
        refused("were counted", close(Gone, 1, &[(true, &[])]));
        refused("discarded 1", close(Again, 1, &[(false, &[got(0, 1), got(1, 1), Acknowledging, Acknowledged])]));
    }
}
