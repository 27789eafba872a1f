//! What the others of a queue do while somebody stands still: everything, with all slots but those that it holds.

use super::look::look;
use super::task::{OTHERS, PATIENCE, Task};
use crate::numbered::{LENGTH, number_of, payload};
use crate::steps::account::{Account, Deed};
use crate::steps::scenario::Operation;
use crate::subject::{ChannelOf, ReceiverOf, SenderOf, Subject, opened};
use crate::tracer::mark;
use crate::watch;
use anyhow::{Context, Result, anyhow, bail, ensure};
use memlane::{RecvTimeoutError, SendTimeoutError, Strategy, TryRecvError, TrySendError};
use std::time::Duration;

/// Two laps of the cells, of which there are 64.
const TWO_LAPS: u64 = 2 * 64 + 2;

/// A wait that is to end in vain.
const SHORT: Duration = Duration::from_micros(200);

/// A sender and a receiver.
struct Pair<'a, K: Subject> {
    channel: &'a ChannelOf<K>,
    tx: SenderOf<K>,
    rx: ReceiverOf<K>,
    task: Task,
    next: u64,
    account: &'a mut Account,
    slots: u64,
}

/// Joins, and to the first mark; what is done while somebody stands still, and to the second; the rest.
pub fn go_on<K: Subject>(task: Task, name: &str, account: &mut Account) -> Result<()> {
    account.begin("join");
    let channel = opened::<K>(name)?;
    let slots = channel.info().queue.context("the channel has no queue")?.slots;
    let (tx, rx) = (channel.sender()?, channel.receiver()?);
    let mut pair = Pair::<K> { channel: &channel, tx, rx, task, next: OTHERS, account, slots };
    mark();
    pair.drain()?;
    pair.exchange(TWO_LAPS)?;
    pair.fill()?;
    if pair.sleepers() == 0 {
        pair.sleep_and_wake()?;
    }
    look(name, pair.account)?;
    let mut pair = pair.leave_and_join_again()?;
    pair.exchange(2 * slots)?;
    pair.fill()?;
    pair.leave_for_the_stopped()?;
    pair.hold_a_loan_meanwhile()?;
    pair.use_what_comes()
}

impl<K: Subject> Pair<'_, K> {
    /// Others who receive now and then.
    fn sleepers(&self) -> u64 {
        u64::from(self.task.scenario.operation == Operation::Wake)
    }

    fn send(&mut self) -> Result<()> {
        let message = payload(self.next);
        match self.next % 3 {
            0 => {
                self.account.begin("try_send");
                self.tx.try_send(&message)?;
            }
            1 => {
                self.account.begin("send_timeout");
                self.tx.send_timeout(&message, PATIENCE)?;
            }
            _ => {
                self.account.begin("try_reserve");
                let mut grant = self.tx.try_reserve(LENGTH)?;
                grant.write_at(0, &message)?;
                grant.commit(LENGTH)?;
            }
        }
        self.account.note(Deed::Sent(self.next))?;
        self.next += 1;
        Ok(())
    }

    /// Takes the next message, if there is one. Returns its number.
    fn take(&mut self) -> Result<Option<u64>> {
        self.account.begin("try_recv");
        match self.rx.try_recv() {
            Ok(message) => {
                let bytes = message.to_vec();
                self.account.note_got(&bytes, K::is_marked(&message))?;
                message.ack()?;
                Ok(number_of(&bytes))
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(error) => bail!(error),
        }
    }

    /// Takes everything. What there is comes at once; behind it, a receiver waits as long as it is told to.
    fn drain(&mut self) -> Result<()> {
        while self.take()?.is_some() {}
        self.account.begin("recv_timeout");
        match self.rx.recv_timeout(SHORT) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(error) => bail!(error),
            Ok(message) => bail!("{:?} came behind the end", number_of(&message.to_vec())),
        }
    }

    /// So many messages, each of which is sent at once and comes at once.
    fn exchange(&mut self, messages: u64) -> Result<()> {
        let mut taken_by_sleepers = 0;
        for _ in 0..messages {
            self.send()?;
            let came = self.take()?;
            taken_by_sleepers += u64::from(came.is_none());
            ensure!(
                came == Some(self.next - 1) || came.is_none(),
                "message {came:?} came instead of {}",
                self.next - 1
            );
            ensure!(taken_by_sleepers <= self.sleepers(), "message {} was sent and does not come", self.next - 1);
        }
        Ok(())
    }

    /// The stopped one has ended, and those that held something with it are dead: whoever notices that first gets what they
    /// held, at any moment. Who still sleeps gets the last message.
    fn use_what_comes(&mut self) -> Result<()> {
        while self.take()?.is_some() {}
        for _ in 0..2 * self.slots {
            self.send()?;
            self.take()?;
        }
        if self.sleepers() > 0 {
            self.send()?;
        }
        Ok(())
    }

    /// Sends until it is full: the slots are ours but for those that are held. Takes all of it.
    fn fill(&mut self) -> Result<()> {
        let first = self.next;
        self.send_until_full()?;
        let room = self.next - first;
        let held = self.task.scenario.slots_held_max() + self.sleepers();
        ensure!(room + held >= self.slots, "there is room for {room} messages, and {held} are held at most");
        self.account.begin("send_timeout");
        let outcome = self.tx.send_timeout(&payload(self.next), SHORT);
        if self.sleepers() == 0 {
            ensure!(outcome == Err(SendTimeoutError::Timeout), "into a full queue went {outcome:?}");
            let free = self.channel.info().queue.context("the channel has no queue")?.free;
            ensure!(free == 0, "the queue is full, and {free} slots are free");
        } else if outcome.is_ok() {
            self.account.note(Deed::Sent(self.next))?;
            self.next += 1;
        }
        self.drain()
    }

    fn send_until_full(&mut self) -> Result<()> {
        loop {
            self.account.begin("try_send");
            match self.tx.try_send(&payload(self.next)) {
                Ok(()) => self.account.note(Deed::Sent(self.next))?,
                Err(TrySendError::Full) => return Ok(()),
                Err(error) => bail!(error),
            }
            self.next += 1;
            ensure!(self.next < 2 * OTHERS, "a queue that is never full");
        }
    }

    /// A receiver sleeps for want of a message, and gets the next one; a sender sleeps for want of room, and gets the next
    /// slot: whoever stands still may have been woken instead, and delays them by a slice.
    fn sleep_and_wake(&mut self) -> Result<()> {
        let Self { channel, tx, rx, account, .. } = self;
        let parks_of = |row: u32| {
            let info = channel.info();
            info.participants.iter().find(|one| one.row == row).map_or(0, |one| one.counters.parks)
        };

        account.begin("recv_timeout, asleep");
        let (row, message) = (rx.row(), payload(self.next));
        let before = parks_of(row);
        rx.set_strategy(Strategy::Park);
        let came = std::thread::scope(|scope| -> Result<Vec<u8>> {
            let waiting = scope.spawn(|| rx.recv_timeout(PATIENCE).map(|message| message.to_vec()));
            watch::until("a receiver sleeps", || Ok(parks_of(row) > before || waiting.is_finished()))?;
            tx.try_send(&message)?;
            Ok(waiting.join().map_err(|_| anyhow!("a receiver panicked"))??)
        })?;
        account.note(Deed::Sent(self.next))?;
        account.note_got(&came, false)?;
        ensure!(number_of(&came) == Some(self.next), "another message than was sent");
        self.next += 1;

        self.send_until_full()?;
        let Self { tx, rx, account, .. } = self;
        account.begin("send_timeout, asleep");
        let (row, message) = (tx.row(), payload(self.next));
        let before = parks_of(row);
        tx.set_strategy(Strategy::Park);
        std::thread::scope(|scope| -> Result<()> {
            let waiting = scope.spawn(|| tx.send_timeout(&message, PATIENCE));
            watch::until("a sender sleeps", || Ok(parks_of(row) > before || waiting.is_finished()))?;
            let first = rx.try_recv()?;
            account.note_got(&first.to_vec(), K::is_marked(&first))?;
            first.ack()?;
            Ok(waiting.join().map_err(|_| anyhow!("a sender panicked"))??)
        })?;
        self.account.note(Deed::Sent(self.next))?;
        self.next += 1;
        self.drain()
    }

    /// Both leave, and successors come.
    fn leave_and_join_again(self) -> Result<Self> {
        let Self { channel, tx, rx, task, next, account, slots } = self;
        account.begin("close");
        tx.leave()?;
        rx.leave();
        account.begin("join again");
        Ok(Self { channel, tx: channel.sender()?, rx: channel.receiver()?, task, next, account, slots })
    }

    /// What the stopped one needs to come to its end, or what makes it end in vain.
    fn leave_for_the_stopped(&mut self) -> Result<()> {
        let scenario = self.task.scenario;
        let waits = scenario.waits_for_a_message();
        let finds = scenario.may_find_nothing() && !self.task.finds_nothing;
        let wants_messages = waits || !scenario.is_sending() && finds;
        let wants_no_room = scenario.is_sending() && scenario.may_find_nothing() && self.task.finds_nothing;
        let first = self.next;
        if wants_messages || wants_no_room {
            self.send_until_full()?;
        }
        // With room for a loan, if that leaves a message.
        if wants_messages && self.next - first > 1 {
            self.take()?;
        }
        Ok(())
    }

    /// To the mark at which the stopped one goes on, with a slot in hand that is not a message yet: nobody else may get it.
    fn hold_a_loan_meanwhile(&mut self) -> Result<()> {
        let Ok(mut grant) = self.tx.try_reserve(LENGTH) else {
            mark();
            return Ok(());
        };
        mark();
        self.account.begin("commit");
        grant.write_at(0, &payload(self.next))?;
        grant.commit(LENGTH)?;
        self.account.note(Deed::Sent(self.next))?;
        self.next += 1;
        Ok(())
    }
}
