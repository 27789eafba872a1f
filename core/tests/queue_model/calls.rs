//! The calls, each made and compared with what the plain queues say.

use super::plain::{Entry, Plain};
use super::{Call, End, HANDLES, Shape};
use memlane::mpmc::{Batch, Channel, Message, Receiver, Sender};
use memlane::{AckAtError, JoinError, TryRecvError, TrySendError};

/// A channel with its handles; one that is busy with a call is not in its place.
pub struct Run {
    channel: Channel,
    senders: Vec<Option<Sender>>,
    receivers: Vec<Option<Receiver>>,
    plain: Plain,
    seats: [usize; 2],
    max_message: usize,
    persistent: bool,
    number: u8,
}

/// What is checked of a message.
fn entry(message: &Message<'_>) -> Entry {
    assert_eq!(message.redelivered(), message.deliveries() > 1);
    (message.to_vec(), message.deliveries())
}

impl Run {
    pub fn new(channel: Channel, shape: &Shape) -> Self {
        Self {
            senders: (0..HANDLES).map(|_| Some(channel.sender().unwrap())).collect(),
            receivers: (0..HANDLES).map(|_| Some(channel.receiver().unwrap())).collect(),
            channel,
            plain: Plain::new(shape),
            seats: shape.seats,
            max_message: shape.max_message,
            persistent: shape.persistent,
            number: 0,
        }
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.number = self.number.wrapping_add(1);
        (0..length).map(|at| self.number ^ at as u8).collect()
    }

    /// From nothing to one byte too many.
    fn length(&self, length: usize) -> usize {
        length % (self.max_message + 2)
    }

    pub fn make(&mut self, call: &Call) {
        match *call {
            Call::Send { sender, priority, length } => self.by_sender(sender, |run, tx| run.send(tx, priority, length)),
            Call::Batch { sender, count } => self.by_sender(sender, |run, tx| run.batch(tx, count)),
            Call::Reserve { sender, length, commit } => {
                self.by_sender(sender, |run, tx| run.reserve(tx, length, commit, &[]));
            }
            Call::Lend { sender, length, commit, ref meanwhile } => {
                let commit = commit.then_some(length);
                self.by_sender(sender, |run, tx| run.reserve(tx, length, commit, meanwhile));
            }
            Call::Receive { receiver, end } => self.by_receiver(receiver, |run, rx| run.receive(rx, end, &[])),
            Call::Hold { receiver, end, ref meanwhile } => {
                self.by_receiver(receiver, |run, rx| run.receive(rx, end, meanwhile));
            }
            Call::SettleBatch { receiver, max, first, back } => {
                self.by_receiver(receiver, |run, rx| run.settle_batch(rx, max, first, back));
            }
            Call::ReceiveBatch { receiver, max, end } => {
                self.by_receiver(receiver, |run, rx| run.receive_batch(rx, max, end));
            }
            Call::Leave { receiver } => self.leave(receiver),
            Call::Fill { sender, but } => self.by_sender(sender, |run, tx| run.fill(tx, but)),
            Call::Drain { receiver } => self.by_receiver(receiver, |run, rx| {
                for _ in 0..=run.plain.queued() {
                    run.receive(rx, End::Acknowledges, &[]);
                }
            }),
            Call::Laps { sender, receiver, laps, more } => {
                self.by_sender(sender, |run, tx| run.by_receiver(receiver, |run, rx| run.laps(tx, rx, laps, more)));
            }
            Call::WithoutSenders { receiver, looks } => {
                self.by_receiver(receiver, |run, rx| run.without_senders(rx, looks));
            }
            Call::WithoutReceivers { sender, sends } => {
                self.by_sender(sender, |run, tx| run.without_receivers(tx, sends));
            }
            Call::TakeAllSeats => self.take_all_seats(),
        }
        self.check();
    }

    /// What anybody can see from outside is what the plain queues say.
    fn check(&self) {
        let (info, plain) = (self.channel.info().queue.unwrap(), &self.plain);
        let queued = plain.queued_by_priority();
        let waiting = queued.iter().sum::<u64>() as usize;
        assert_eq!((self.channel.len(), self.channel.room()), (waiting, plain.free()));
        assert_eq!(self.channel.is_full(), plain.free() == 0);
        assert_eq!((info.queued, info.free, info.consumed), (queued, plain.free() as u64, plain.held as u64));
        assert_eq!((info.dead_letters, info.discarded), (plain.dead_letters, plain.discarded));
    }

    /// Nothing, if the handle is busy.
    fn by_sender(&mut self, sender: usize, call: impl FnOnce(&mut Self, &mut Sender)) {
        let Some(mut tx) = self.senders[sender].take() else { return };
        call(self, &mut tx);
        self.senders[sender] = Some(tx);
    }

    fn by_receiver(&mut self, receiver: usize, call: impl FnOnce(&mut Self, &mut Receiver)) {
        let Some(mut rx) = self.receivers[receiver].take() else { return };
        call(self, &mut rx);
        self.receivers[receiver] = Some(rx);
    }

    fn send(&mut self, tx: &mut Sender, priority: usize, length: usize) {
        let length = self.length(length);
        let bytes = self.bytes(length);
        let priorities = self.plain.queues.len();
        assert_eq!(tx.set_priority(priority as u8).is_ok(), priority < priorities);
        let priority = if priority < priorities { priority } else { priorities - 1 };
        tx.set_priority(priority as u8).unwrap();
        let sent = tx.try_send(&bytes);
        tx.set_priority(priorities as u8 - 1).unwrap();
        let max = self.max_message;
        if length > max {
            assert_eq!(sent, Err(TrySendError::TooLarge { length, max }));
        } else if self.plain.free() == 0 {
            assert_eq!(sent, Err(TrySendError::Full));
        } else {
            assert_eq!(sent, Ok(()));
            self.plain.queues[priority].push_back((bytes, 0));
        }
    }

    /// As many as there is room for, since more would wait.
    fn batch(&mut self, tx: &mut Sender, count: usize) {
        let count = count.min(self.plain.free());
        let batch: Vec<_> = (0..count).map(|length| self.bytes(length % (self.max_message + 1))).collect();
        assert_eq!(tx.send_batch(&batch), Ok(count));
        self.plain.least_urgent().extend(batch.into_iter().map(|bytes| (bytes, 0)));
    }

    /// Fills a slot and commits so much of it, or nothing; others go on meanwhile.
    fn reserve(&mut self, tx: &mut Sender, length: usize, commit: Option<usize>, meanwhile: &[Call]) {
        let (length, max) = (self.length(length), self.max_message);
        let bytes = self.bytes(length);
        match tx.try_reserve(length) {
            Ok(mut grant) => {
                assert!(self.plain.free() > 0 && length <= max);
                self.plain.lent += 1;
                grant.write_at(0, &bytes).unwrap();
                meanwhile.iter().for_each(|call| self.make(call));
                match commit.map(|used| used % (length + 1)) {
                    Some(used) => {
                        grant.commit(used).unwrap();
                        self.plain.least_urgent().push_back((bytes[..used].to_vec(), 0));
                    }
                    None => drop(grant),
                }
                self.plain.lent -= 1;
            }
            Err(TrySendError::TooLarge { length: found, max: at_most }) => {
                assert!((found, at_most) == (length, max) && length > max);
            }
            Err(error) => assert!(error == TrySendError::Full && self.plain.free() == 0, "{error:?}"),
        }
    }

    /// A receive got these messages, and wanted up to `max`. Returns their priority, which the channel's counts tell.
    fn took(&mut self, got: &[Entry], max: usize) -> usize {
        let left = self.channel.info().queue.unwrap().queued;
        let before = self.plain.queued_by_priority();
        let priority = left.iter().zip(&before).position(|(left, before)| left < before).expect("one was queued");
        self.plain.take(priority, got, max);
        priority
    }

    fn receive(&mut self, rx: &mut Receiver, end: End, meanwhile: &[Call]) {
        match rx.try_recv() {
            Ok(message) => {
                let expected = vec![entry(&message)];
                let priority = self.took(&expected, 1);
                meanwhile.iter().for_each(|call| self.make(call));
                // Nobody wrote to it meanwhile.
                assert_eq!(vec![entry(&message)], expected);
                match end {
                    End::Acknowledges => message.ack().unwrap(),
                    End::Drops => drop(message),
                    End::GivesBack => message.nack().unwrap(),
                }
                self.ended(end, priority, expected);
            }
            Err(error) => assert_eq!((error, self.plain.queued()), (TryRecvError::Empty, 0)),
        }
    }

    fn receive_batch(&mut self, rx: &mut Receiver, max: usize, end: End) {
        match rx.try_recv_batch(max) {
            Ok(batch) => {
                let got: Vec<_> = batch.iter().map(|message| (message.to_vec(), message.deliveries())).collect();
                let priority = self.took(&got, max);
                match end {
                    End::Acknowledges => Batch::ack(batch).unwrap(),
                    End::Drops => drop(batch),
                    End::GivesBack => Batch::nack(batch).unwrap(),
                }
                self.ended(end, priority, got);
            }
            Err(error) => assert_eq!((error, self.plain.queued()), (TryRecvError::Empty, 0)),
        }
    }

    /// Settles a batch's messages one by one: indices stay, and what is done with is not there any more.
    fn settle_batch(&mut self, rx: &mut Receiver, max: usize, first: usize, back: u8) {
        let mut batch = match rx.try_recv_batch(max) {
            Ok(batch) => batch,
            Err(error) => return assert_eq!((error, self.plain.queued()), (TryRecvError::Empty, 0)),
        };
        let got: Vec<_> = batch.iter().map(|message| (message.to_vec(), message.deliveries())).collect();
        let priority = self.took(&got, max);
        let first = first.min(got.len());
        let comes_again = |index: usize| index >= first && back >> (index % 8) & 1 == 1;
        batch.ack_first(first).unwrap();
        let mut left: Vec<_> = (first..got.len()).collect();
        for index in first..got.len() {
            if comes_again(index) {
                batch.nack_at(index).unwrap();
            } else if index % 2 == 0 {
                batch.ack_at(index).unwrap();
            } else {
                continue;
            }
            left.retain(|&other| other != index);
            let not_left = AckAtError::NotLeft { index, length: got.len() };
            assert_eq!((batch.get(index).is_none(), batch.nack_at(index)), (true, Err(not_left)));
            let found: Vec<_> = batch.iter().map(|message| message.to_vec()).collect();
            assert_eq!(found, left.iter().map(|&index| got[index].0.clone()).collect::<Vec<_>>());
            assert_eq!(batch.len(), left.len());
        }
        // So that holes in front are passed, too.
        batch.ack_first(1).unwrap();
        drop(batch);
        let (again, done): (Vec<_>, Vec<_>) = got.into_iter().enumerate().partition(|&(index, _)| comes_again(index));
        let entries = |some: Vec<(usize, Entry)>| some.into_iter().map(|(_, entry)| entry).collect();
        self.plain.acknowledge(entries(done));
        self.plain.give_back(priority, entries(again));
    }

    fn ended(&mut self, end: End, priority: usize, messages: Vec<Entry>) {
        match end {
            End::Acknowledges | End::Drops => self.plain.acknowledge(messages),
            End::GivesBack => self.plain.give_back(priority, messages),
        }
    }

    /// It forgets what it got: that comes again, or is gone.
    fn leave(&mut self, receiver: usize) {
        let Some(mut rx) = self.receivers[receiver].take() else { return };
        let forgotten: Vec<_> = rx
            .try_recv()
            .into_iter()
            .map(|message| {
                let entry = entry(&message);
                std::mem::forget(message);
                entry
            })
            .collect();
        let priority = if forgotten.is_empty() { 0 } else { self.took(&forgotten, 1) };
        drop(rx);
        self.receivers[receiver] = Some(self.channel.receiver().unwrap());
        self.plain.abandon(priority, forgotten);
    }

    /// Sends until so many slots are free; if none is to be, one more is refused.
    fn fill(&mut self, tx: &mut Sender, but: usize) {
        let priorities = self.plain.queues.len();
        while self.plain.free() > but {
            self.send(tx, usize::from(self.number) % priorities, usize::from(self.number));
        }
        if but == 0 {
            self.send(tx, 0, 0);
        }
    }

    fn laps(&mut self, tx: &mut Sender, rx: &mut Receiver, laps: usize, more: usize) {
        let cells = self.channel.slots().next_power_of_two().max(64);
        let priority = usize::from(self.number) % self.plain.queues.len();
        for _ in 0..cells * laps + more {
            if self.plain.free() == 0 {
                self.receive(rx, End::Acknowledges, &[]);
            }
            self.send(tx, priority, 8);
            self.receive(rx, End::Acknowledges, &[]);
        }
    }

    /// The senders that are not busy leave; a receiver looks; others come.
    fn without_senders(&mut self, rx: &mut Receiver, looks: usize) {
        let gone: Vec<_> = (0..HANDLES).filter(|&index| self.senders[index].take().is_some()).collect();
        let ends = !self.persistent && gone.len() == HANDLES;
        for _ in 0..looks {
            if self.plain.queued() > 0 {
                self.receive(rx, End::Acknowledges, &[]);
                continue;
            }
            // What another one holds may come again.
            let ended = ends && self.plain.held == 0;
            let expected = if ended { TryRecvError::Disconnected } else { TryRecvError::Empty };
            assert_eq!(rx.try_recv().unwrap_err(), expected);
        }
        gone.into_iter().for_each(|index| self.senders[index] = Some(self.channel.sender().unwrap()));
    }

    /// The receivers that are not busy leave; a sender goes on; others come.
    fn without_receivers(&mut self, tx: &mut Sender, sends: usize) {
        let gone: Vec<_> = (0..HANDLES).filter(|&index| self.receivers[index].take().is_some()).collect();
        for _ in 0..sends {
            if self.persistent || gone.len() < HANDLES {
                self.send(tx, 0, 5);
            } else {
                assert_eq!(tx.try_send(&[]), Err(TrySendError::Disconnected));
            }
        }
        gone.into_iter().for_each(|index| self.receivers[index] = Some(self.channel.receiver().unwrap()));
    }

    /// All that are free are given, and none beyond. Whoever leaves again has changed nothing.
    fn take_all_seats(&mut self) {
        let [senders, receivers] = self.seats.map(|seats| seats - HANDLES);
        let sending: Vec<_> = (0..senders).map(|_| self.channel.sender().unwrap()).collect();
        assert!(matches!(self.channel.sender(), Err(JoinError::RoleTaken { role: "sender", .. })));
        let receiving: Vec<_> = (0..receivers).map(|_| self.channel.receiver().unwrap()).collect();
        assert!(matches!(self.channel.receiver(), Err(JoinError::RoleTaken { role: "receiver", .. })));
        drop((sending, receiving));
    }

    /// Whatever is left comes, and then the end of the channel.
    pub fn close(mut self) {
        self.channel.close();
        let mut rx = self.receivers[0].take().unwrap();
        while self.plain.queued() > 0 {
            self.receive(&mut rx, End::Acknowledges, &[]);
        }
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
        self.check();
        assert_eq!(self.plain.free(), self.channel.slots());
    }
}
