//! What was delivered after a death, compared with what may be.

use crate::steps::account::Delivered;
use crate::steps::scenario::Expectation;
use anyhow::{Result, ensure};

/// How far an operation came, as the survivors see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// Of its messages, how many exist.
    pub sent: usize,
    /// Of the messages that it was to finish with, how many do not come again.
    pub finished: usize,
}

impl Expectation {
    /// Compares. `marks`: whether messages that come again say so.
    pub fn judge(&self, delivered: &[Delivered], marks: bool) -> Result<Outcome> {
        let numbers: Vec<u64> = delivered.iter().map(|one| one.number).collect();
        for (at, number) in numbers.iter().enumerate() {
            ensure!(!numbers[..at].contains(number), "message {number} came twice: {numbers:?}");
            let known = self.queued.contains(number) || self.own.contains(number);
            ensure!(known, "message {number} was never in the channel, or was acknowledged before: {numbers:?}");
        }
        let first_times: Vec<u64> = delivered.iter().filter(|one| !one.again).map(|one| one.number).collect();
        ensure!(first_times.is_sorted(), "out of order: {numbers:?}, first deliveries {first_times:?}");
        for one in delivered.iter().filter(|one| one.again) {
            let taken = self.queued[..self.taken].contains(&one.number)
                || self.own_may_be_taken && self.own.contains(&one.number);
            ensure!(marks && taken, "message {} says that it was delivered before, and was not", one.number);
        }
        let sent = numbers.iter().filter(|number| self.own.contains(number)).count();
        for number in &self.own[..sent] {
            ensure!(numbers.contains(number), "of the messages sent, {number} is missing, and a later one came");
        }
        let gone: Vec<u64> = self.queued.iter().copied().filter(|number| !numbers.contains(number)).collect();
        for number in &gone {
            ensure!(self.finished.contains(number), "message {number} is lost: {numbers:?}");
        }
        ensure!(self.finished.starts_with(&gone), "message {} is lost, and one before it came again", gone[0]);
        Ok(Outcome { sent, finished: gone.len() })
    }

    /// Whether this can come of an operation that did not start, or of one that ended.
    pub fn judge_ends(&self, started: bool, outcome: Outcome) -> Result<()> {
        if !started {
            ensure!(outcome == Outcome { sent: 0, finished: 0 }, "it did not start, and did something: {outcome:?}");
            return Ok(());
        }
        ensure!(outcome.sent == self.own.len(), "it ended, and {} of its messages exist", outcome.sent);
        let all_finished = outcome.finished == self.finished.len();
        ensure!(all_finished || !self.finished_for_certain, "it ended, and a message that it finished with came again");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation() -> Expectation {
        Expectation {
            queued: vec![1, 2, 3],
            taken: 2,
            own_may_be_taken: false,
            finished: vec![1, 2],
            finished_for_certain: true,
            own: vec![1000, 1001],
        }
    }

    fn judge(delivered: &[(u64, bool)]) -> Result<Outcome> {
        let delivered: Vec<_> = delivered.iter().map(|&(number, again)| Delivered { number, again }).collect();
        expectation().judge(&delivered, true)
    }

    #[test]
    fn what_may_come_passes() {
        assert_eq!(judge(&[(1, false), (2, false), (3, false)]).unwrap(), Outcome { sent: 0, finished: 0 });
        assert_eq!(judge(&[(3, false), (1000, false), (2, true)]).unwrap(), Outcome { sent: 1, finished: 1 });
        assert_eq!(judge(&[(3, false), (1000, false), (1001, false)]).unwrap(), Outcome { sent: 2, finished: 2 });
    }

    #[test]
    fn what_may_not_come_is_a_miss() {
        for wrong in [
            &[(1, false), (1, true), (2, false), (3, false)][..],
            &[(1, false), (2, false)],
            &[(1, false), (3, false)],
            &[(2, false), (1, false), (3, false)],
            &[(1, false), (2, false), (3, true)],
            &[(1, false), (2, false), (3, false), (1001, false)],
            &[(1, false), (2, false), (3, false), (7, false)],
        ] {
            assert!(judge(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_operation_that_ended_did_all_of_it() {
        let expected = expectation();
        assert!(expected.judge_ends(true, Outcome { sent: 2, finished: 2 }).is_ok());
        assert!(expected.judge_ends(true, Outcome { sent: 1, finished: 2 }).is_err());
        assert!(expected.judge_ends(false, Outcome { sent: 1, finished: 0 }).is_err());
    }
}
