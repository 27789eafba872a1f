//! What all accounts together must say when somebody stood still and went on: everything that was committed was delivered
//! once, and nothing else was.

use crate::steps::account::{Deed, Delivered};
use crate::steps::others::{BEGUN_WITH, OTHERS};
use crate::steps::scenario::{Expectation, OWN, Scenario, State};
use crate::subject::Store;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

/// Who did what, in order.
pub struct Accounts<'a> {
    pub scenario: Scenario,
    /// What was in the channel before.
    pub queued: &'a [u64],
    pub stopped: Vec<Deed>,
    pub others: Vec<Deed>,
    pub sleeper: Vec<Deed>,
    /// What was in the channel when all of them had left.
    pub left: Vec<Delivered>,
    /// What may come of somebody else, who was killed meanwhile.
    pub killed: Option<&'a Expectation>,
}

/// What was found.
#[derive(Debug)]
pub struct Checked {
    /// How many messages the others had.
    pub messages: u64,
    /// The numbers of all messages that somebody had.
    pub had: Vec<u64>,
}

/// The numbers of the messages that somebody sent.
pub fn sent(deeds: &[Deed]) -> impl Iterator<Item = u64> {
    deeds.iter().filter_map(|deed| if let &Deed::Sent(number) = deed { Some(number) } else { None })
}

/// What somebody received.
pub fn got(deeds: &[Deed]) -> Vec<Delivered> {
    deeds.iter().filter_map(|deed| if let &Deed::Got(delivered) = deed { Some(delivered) } else { None }).collect()
}

impl Accounts<'_> {
    /// Compares. What the killed one sent or finished with is in question: the caller judges it by what came.
    pub fn check(&self) -> Result<Checked> {
        match self.scenario.facts.store {
            Store::Value => return self.check_value(),
            Store::Fan => return self.check_fan(),
            Store::Lanes | Store::Slots => {}
        }
        let receivers = [
            ("the one that stood still", got(&self.stopped)),
            ("the others", got(&self.others)),
            ("who slept", got(&self.sleeper)),
            ("the successors", self.left.clone()),
        ];
        let again = self.comes_again();
        let (maybe_sent, maybe_finished, maybe_again) = match self.killed {
            Some(killed) => (&killed.own[..], &killed.finished[..], &killed.queued[..killed.taken]),
            None => Default::default(),
        };
        let mut owner = BTreeMap::new();
        let existing = self.queued.iter().copied().chain(sent(&self.stopped)).chain(sent(&self.others));
        for number in existing.chain(maybe_sent.iter().copied()) {
            ensure!(owner.insert(number, None).is_none(), "message {number} was sent twice");
        }
        for (who, delivered) in &receivers {
            for &Delivered { number, again: marked } in delivered {
                let Some(had) = owner.get_mut(&number) else {
                    anyhow::bail!("{who} got message {number}, which was never committed, or was given up");
                };
                ensure!(had.is_none(), "{who} got message {number}, and so did {}", had.unwrap_or(""));
                *had = Some(*who);
                let expected = self.scenario.facts.store == Store::Slots && again.contains(&number);
                let may_be = marked && maybe_again.contains(&number);
                ensure!(marked == expected || may_be, "{who} got message {number}, marked as redelivered: {marked}");
            }
            let first = delivered.iter().filter(|one| !one.again && !again.contains(&one.number));
            let first: Vec<u64> = first.map(|one| one.number).collect();
            for senders in [0..OWN, OWN..OTHERS, OTHERS..u64::MAX] {
                let numbers: Vec<u64> = first.iter().copied().filter(|number| senders.contains(number)).collect();
                // The others join twice. The second time, that may be in another lane.
                let facts = &self.scenario.facts;
                let has_lanes = facts.store == Store::Lanes && facts.many_senders;
                let senders = if senders.start == OTHERS && has_lanes { 2 } else { 1 };
                ensure!(runs(&numbers) <= senders, "{who} got messages of one sender out of order: {numbers:?}");
            }
        }
        let (had, missing): (Vec<_>, Vec<_>) = owner.iter().partition(|(_, had)| had.is_some());
        let missing: Vec<u64> = missing.into_iter().map(|(&number, _)| number).collect();
        let in_question = |number: &u64| maybe_sent.contains(number) || maybe_finished.contains(number);
        ensure!(missing.iter().all(in_question), "of messages {missing:?}, some are lost");
        Ok(Checked { messages: receivers[1].1.len() as u64, had: had.into_iter().map(|(&number, _)| number).collect() })
    }

    /// Of messages that are for all: each receiver had some of them, one behind the other without a gap, unless they are overwritten; those that
    /// come later have the last ones.
    fn check_fan(&self) -> Result<Checked> {
        let all: Vec<u64> = self.queued.iter().copied().chain(sent(&self.stopped)).chain(sent(&self.others)).collect();
        let others = got(&self.others);
        let is_lossy = self.scenario.state == State::Lapped;
        for (who, had, is_gapless) in [
            ("the one that stood still", &got(&self.stopped), !is_lossy),
            ("the others", &others, !is_lossy),
            ("who slept", &got(&self.sleeper), true),
            ("the successors", &self.left, true),
        ] {
            let numbers: Vec<u64> = had.iter().map(|one| one.number).collect();
            let places: Option<Vec<usize>> =
                numbers.iter().map(|number| all.iter().position(|one| one == number)).collect();
            let places = places.with_context(|| format!("{who} got messages that were never sent: {numbers:?}"))?;
            let follows = |pair: &[usize]| if is_gapless { pair[0] + 1 == pair[1] } else { pair[0] < pair[1] };
            ensure!(places.windows(2).all(follows), "{who} got {numbers:?} of {all:?}");
        }
        let last = |had: &[Delivered]| had.last().map(|one| one.number);
        ensure!(last(&self.left) == all.last().copied(), "the last message of {all:?} is not left");
        if self.scenario.is_sending() && !is_lossy {
            let expected = all.len() - self.queued.len().saturating_sub(BEGUN_WITH);
            ensure!(others.len() == expected, "the others got {} of {expected} messages", others.len());
        } else if sent(&self.others).next().is_some() {
            ensure!(last(&others) == all.last().copied(), "the others have not got the last message of {all:?}");
        }
        Ok(Checked { messages: others.len() as u64, had: all })
    }

    /// Of a value: everybody had values that were set, none of them behind a later one, and the last one is there.
    fn check_value(&self) -> Result<Checked> {
        let set: Vec<u64> = self.queued.iter().copied().chain(sent(&self.stopped)).chain(sent(&self.others)).collect();
        let others = got(&self.others);
        for (who, values) in [
            ("the one that stood still", &got(&self.stopped)),
            ("the others", &others),
            ("who slept", &got(&self.sleeper)),
        ] {
            let values: Vec<u64> = values.iter().map(|one| one.number).collect();
            let stray = values.iter().find(|number| !set.contains(number));
            ensure!(stray.is_none(), "{who} got value {stray:?}, which was never set");
            ensure!(values.is_sorted(), "{who} got an older value behind a newer one: {values:?}");
        }
        let left: Vec<u64> = self.left.iter().map(|one| one.number).collect();
        ensure!(left[..] == set[set.len().saturating_sub(1)..], "value {left:?} is left of {set:?}");
        Ok(Checked { messages: others.len() as u64, had: left })
    }

    /// Messages that somebody had before and did not acknowledge.
    fn comes_again(&self) -> Vec<u64> {
        let given_back = self.stopped.iter().filter_map(|deed| match deed {
            &Deed::GaveBack(number) => Some(number),
            _ => None,
        });
        // Who holds the first message ends without a word when the one that stood still does.
        let held = if self.scenario.state == State::Held { self.queued.first().copied() } else { None };
        given_back.chain(held).collect()
    }
}

/// Of how many senders these messages are at least, if those of each came in order.
fn runs(numbers: &[u64]) -> usize {
    let mut last: Vec<u64> = Vec::new();
    for &number in numbers {
        match last.iter_mut().filter(|last| **last < number).max() {
            Some(last) => *last = number,
            None => last.push(number),
        }
    }
    last.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::scenario::Operation;
    use crate::subject::Facts;

    const QUEUE: Facts =
        Facts { kind: memlane::Kind::Mpmc, store: Store::Slots, many_senders: true, many_receivers: true };

    fn one(number: u64) -> Deed {
        Deed::Got(Delivered { number, again: false })
    }

    fn check(stopped: &[Deed], others: &[Deed], left: &[(u64, bool)]) -> Result<u64> {
        Ok(check_with(stopped, others, left, None)?.messages)
    }

    fn check_with(
        stopped: &[Deed],
        others: &[Deed],
        left: &[(u64, bool)],
        killed: Option<&Expectation>,
    ) -> Result<Checked> {
        let scenario = Scenario { facts: QUEUE, operation: Operation::GiveBack, state: State::One };
        let left = left.iter().map(|&(number, again)| Delivered { number, again }).collect();
        let (stopped, others) = (stopped.to_vec(), others.to_vec());
        Accounts { scenario, queued: &[1, 2], stopped, others, sleeper: Vec::new(), left, killed }.check()
    }

    #[test]
    fn what_may_come_passes() {
        let others = [Deed::Sent(OTHERS), one(2), one(OTHERS)];
        assert_eq!(check(&[one(1), Deed::Sent(OWN)], &others, &[(OWN, false)]).unwrap(), 2);
        assert_eq!(check(&[Deed::GaveBack(1)], &[one(2)], &[(1, true)]).unwrap(), 1);
    }

    #[test]
    fn of_a_value_the_last_one_is_left_and_nobody_went_back() {
        const WATCH: Facts =
            Facts { kind: memlane::Kind::Watch, store: Store::Value, many_senders: false, many_receivers: true };
        let check = |stopped: &[Deed], others: &[Deed], left: u64| {
            let scenario = Scenario { facts: WATCH, operation: Operation::Send, state: State::One };
            let left = vec![Delivered { number: left, again: false }];
            let (stopped, others) = (stopped.to_vec(), others.to_vec());
            Accounts { scenario, queued: &[1], stopped, others, sleeper: Vec::new(), left, killed: None }.check()
        };
        assert_eq!(check(&[Deed::Sent(OWN)], &[one(1), one(OWN), one(OWN)], OWN).unwrap().messages, 3);
        assert_eq!(check(&[], &[one(1)], 1).unwrap().had, [1]);
        let refused = |text: &str, outcome: Result<Checked>| {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        refused("never set", check(&[], &[one(OWN)], 1));
        refused("older", check(&[Deed::Sent(OWN)], &[one(OWN), one(1)], OWN));
        refused("is left", check(&[Deed::Sent(OWN)], &[], 1));
    }

    #[test]
    fn what_a_killed_one_did_is_in_question() {
        let scenario = Scenario { facts: QUEUE, operation: Operation::ReceiveBatch, state: State::Several };
        let killed = Expectation { own: vec![OWN], ..scenario.expectation(vec![1, 2], 0) };
        let check = |left: &[(u64, bool)]| check_with(&[], &[], left, Some(&killed)).map(|checked| checked.had);
        assert_eq!(check(&[]).unwrap(), []);
        assert_eq!(check(&[(2, false), (OWN, false), (1, true)]).unwrap(), [1, 2, OWN]);
        assert!(check(&[(OWN, true)]).is_err());
        assert!(check(&[(1, false), (1, true)]).is_err());
    }

    #[test]
    fn what_may_not_come_is_a_miss() {
        let refused = |text: &str, outcome: Result<u64>| {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        };
        refused("lost", check(&[one(1)], &[], &[]));
        refused("and so did", check(&[one(1)], &[one(1), one(2)], &[]));
        refused("never committed", check(&[one(1)], &[one(2), one(OWN)], &[]));
        refused("out of order", check(&[], &[one(2), one(1)], &[]));
        refused("marked", check(&[Deed::GaveBack(1)], &[one(2)], &[(1, false)]));
        refused("marked", check(&[one(1)], &[], &[(2, true)]));
    }

    #[test]
    fn messages_that_came_in_order_are_of_as_many_senders_as_they_have_to_be() {
        assert_eq!([&[][..], &[1, 2, 9], &[5, 6, 1, 7, 2, 3], &[3, 2, 1]].map(runs), [1, 1, 2, 3]);
    }
}
