//! The calls, each made and compared with what the model says.

use super::{Shape, Step};
use crate::support::model::Model;
use crate::support::stage::Stage;
use memlane::spsc::{Batch, Channel, Message, Receiver, Sender};
use memlane::{TryRecvError, TrySendError};

pub struct Run {
    pub channel: Channel,
    sender: Option<Sender>,
    pub receiver: Option<Receiver>,
    pub model: Model,
    persistent: bool,
    filler: u8,
}

impl Run {
    pub fn new(stage: &Stage, shape: Shape) -> Self {
        let (channel, sender, receiver) = stage.pair(&shape.options());
        let model = Model::new(channel.capacity() as u64, shape.alignment as u64, shape.record_alignment as u64);
        assert_eq!((channel.capacity(), channel.max_message()), (shape.capacity, shape.max_message()));
        let (sender, receiver) = (Some(sender), Some(receiver));
        Self { channel, sender, receiver, model, persistent: shape.persistent, filler: 0 }
    }

    pub fn sender(&mut self) -> &mut Sender {
        self.sender.as_mut().unwrap()
    }

    fn receiver(&mut self) -> &mut Receiver {
        self.receiver.as_mut().unwrap()
    }

    fn message(&mut self, length: usize) -> Vec<u8> {
        self.filler = self.filler.wrapping_add(1);
        (0..length).map(|at| self.filler ^ at as u8).collect()
    }

    fn try_send(&mut self, length: usize) {
        let message = self.message(length);
        let max = self.sender().max_message();
        let outcome = self.sender().try_send(&message);
        if length > max {
            assert_eq!(outcome, Err(TrySendError::TooLarge { length, max }));
        } else if self.model.fits(length) {
            assert_eq!(outcome, Ok(()));
            self.model.commit(message, length);
        } else {
            assert_eq!(outcome, Err(TrySendError::Full));
        }
    }

    pub fn send(&mut self, length: usize) {
        if length <= self.sender().max_message() && self.model.fits(length) {
            let message = self.message(length);
            assert_eq!(self.sender().send(&message), Ok(()));
            self.model.commit(message, length);
        }
    }

    /// A batch of messages that fit, since one that does not would wait.
    fn send_batch(&mut self, lengths: &[usize]) {
        let max = self.sender().max_message();
        let mut batch = Vec::new();
        for &length in lengths {
            if length > max || !self.model.fits(length) {
                break;
            }
            let message = self.message(length);
            self.model.commit(message.clone(), length);
            batch.push(message);
        }
        assert_eq!(self.sender().send_batch(&batch), Ok(batch.len()));
    }

    fn reserve(&mut self, length: usize, part: Option<usize>) {
        let message = self.message(length);
        let max = self.sender().max_message();
        let fits = self.model.fits(length);
        let mut grant = match self.sender().try_reserve(length) {
            Ok(grant) => grant,
            Err(TrySendError::TooLarge { .. }) => return assert!(length > max),
            Err(error) => return assert!(error == TrySendError::Full && length <= max && !fits, "{error:?}"),
        };
        assert!(length <= max && fits);
        grant.write_at(0, &message).unwrap();
        if let Some(sixteenths) = part {
            let used = length * sixteenths / 16;
            grant.commit(used).unwrap();
            self.model.commit(message[..used].to_vec(), length);
        }
    }

    pub fn try_recv(&mut self) {
        let expected = self.model.look();
        let found = self.receiver().try_recv().map(|message| (message.sequence(), message.to_vec()));
        match (found, expected) {
            (Ok(found), Some(entry)) => {
                assert_eq!(found, (entry.sequence, entry.content));
                self.model.release();
            }
            (Err(TryRecvError::Empty), None) => self.model.publish(),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    fn recv_into(&mut self, room: usize) {
        let expected = self.model.look();
        let mut buffer = vec![0; room];
        match (self.receiver().try_recv_into(&mut buffer), expected) {
            (Ok(length), Some(entry)) => {
                assert_eq!(&buffer[..length], entry.content);
                self.model.release();
            }
            (Err(TryRecvError::BufferTooSmall { needed }), Some(entry)) => {
                assert!(needed == entry.content.len() && needed > room);
            }
            (Err(TryRecvError::Empty), None) => self.model.publish(),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    pub fn recv_exact(&mut self, spare: usize) {
        let Some(entry) = self.model.look() else { return };
        let mut buffer = vec![0; entry.content.len() + spare];
        assert_eq!(self.receiver().recv_into(&mut buffer), Ok(entry.content.len()));
        assert_eq!(buffer[..entry.content.len()], entry.content);
        self.model.release();
    }

    fn try_recv_batch(&mut self, max: usize) {
        let entries = self.model.queue.iter().take(max.max(1));
        let expected: Vec<_> = entries.map(|entry| (entry.sequence, entry.content.clone())).collect();
        let found = self.receiver().try_recv_batch(max);
        let found = found.map(|batch| batch.iter().map(|message| (message.sequence(), message.to_vec())).collect());
        assert_eq!(found, if expected.is_empty() { Err(TryRecvError::Empty) } else { Ok(expected.clone()) });
        expected.iter().for_each(|_| self.model.release());
        self.model.publish();
    }

    /// Takes something and unwinds with it in hand: nothing is released.
    fn panic_with(&mut self, take: impl FnOnce(&mut Receiver)) {
        let expected = self.model.look();
        let receiver = self.receiver();
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| take(receiver)));
        assert_eq!(unwound.is_err(), expected.is_some());
        if expected.is_none() {
            self.model.publish();
        }
    }

    /// Takes something and gives it back unread.
    fn hand_back(&mut self, take: impl FnOnce(&mut Receiver) -> Result<(), TryRecvError>) {
        let expected = self.model.look();
        assert_eq!(take(self.receiver()).is_ok(), expected.is_some());
        if expected.is_none() {
            self.model.publish();
        }
    }

    /// Acknowledges the first messages of a batch, in two steps, and gives back the rest.
    fn ack_first(&mut self, max: usize, count: usize) {
        let expected: Vec<_> =
            self.model.queue.iter().take(max).map(|entry| (entry.sequence, entry.content.clone())).collect();
        let Some(_) = self.model.look() else { return self.try_recv() };
        let mut batch = self.receiver().try_recv_batch(max).unwrap();
        let all = batch.len();
        batch.ack_first(count / 2).unwrap();
        batch.ack_first(count - count / 2).unwrap();
        let acknowledged = count.min(all);
        let left: Vec<_> = batch.iter().map(|message| (message.sequence(), message.to_vec())).collect();
        assert_eq!(left, expected[acknowledged..]);
        assert_eq!((batch.len(), batch.get(all).is_none()), (left.len(), true));
        for index in 0..all {
            assert_eq!(batch.get(index).map(|message| message.to_vec()).is_some(), index >= acknowledged);
        }
        batch.hand_back();
        (0..acknowledged).for_each(|_| self.model.release());
    }

    fn rejoin_receiver(&mut self) {
        self.receiver = None;
        self.model.publish();
        self.join_receiver();
    }

    fn join_receiver(&mut self) {
        self.receiver = Some(self.channel.receiver().unwrap());
        self.model.look();
    }

    /// A sender leaves; the receiver looks so many times; a successor comes.
    fn without_sender(&mut self, looks: usize) {
        self.sender = None;
        for _ in 0..looks {
            let expected = self.model.look();
            let found = self.receiver().try_recv().map(|message| (message.sequence(), message.to_vec()));
            match (found, expected) {
                (Ok(found), Some(entry)) => {
                    assert_eq!(found, (entry.sequence, entry.content));
                    self.model.release();
                }
                (Err(error), None) => {
                    self.model.publish();
                    let nothing = if self.persistent { TryRecvError::Empty } else { TryRecvError::Disconnected };
                    assert_eq!(error, nothing);
                }
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
        self.join_sender();
    }

    /// A receiver leaves; the sender goes on, if the channel is one that waits for others; a successor comes.
    fn without_receiver(&mut self, lengths: &[usize]) {
        self.receiver = None;
        self.model.publish();
        let max = self.channel.max_message();
        for &length in lengths.iter().filter(|&&length| length <= max) {
            if self.persistent {
                self.try_send(length);
            } else {
                assert_eq!(self.sender().try_send(&vec![0; length]), Err(TrySendError::Disconnected));
            }
        }
        self.join_receiver();
    }

    /// Sends until no more fits; then what is released makes exactly as much room as the layout says.
    fn fill(&mut self, length: usize) {
        let length = length.min(self.channel.max_message());
        while self.model.fits(length) {
            self.try_send(length);
        }
        self.try_send(length);
    }

    /// Sends a message whose record ends so many alignments behind the ring's end, its payload so many bytes short of
    /// its record.
    fn aim_at_end(&mut self, beyond: i64, short: u64) {
        let largest = self.channel.max_message();

        let (largest_record, header, unit) = (self.model.record(largest), self.model.header, self.model.alignment);
        for _ in 0..64 {
            let wanted = self.model.until_end().saturating_add_signed(beyond * unit as i64);
            let length = wanted.checked_sub(header + short % unit).map(|length| length as usize);
            match length.filter(|&length| length <= largest) {
                Some(length) => return self.try_send(length),
                // Nearer, in an empty channel, but not beyond.
                None => {
                    while !self.model.queue.is_empty() {
                        self.try_recv();
                    }
                    self.try_recv();
                    let step = largest_record.min(wanted.saturating_sub(largest_record).max(unit)) - header;
                    self.try_send(step as usize);
                }
            }
        }
    }

    fn rejoin_sender(&mut self) {
        self.sender = None;
        self.join_sender();
    }

    fn join_sender(&mut self) {
        let sender = self.channel.sender().unwrap();
        assert_eq!(sender.resumed_at(), self.model.sent);
        self.sender = Some(sender);
    }

    /// What anybody can see from outside is what the model says.
    pub fn check(&self) {
        let lane = self.channel.info().lanes[0];
        let (model, sender) = (&self.model, self.sender.as_ref().unwrap());
        assert_eq!((lane.messages, lane.committed, sender.sent()), (model.sent, model.committed, model.sent));
        assert_eq!(lane.consumed, model.published);
        // One header always stays free.
        let room = model.capacity - (model.committed - model.published) - model.header;
        assert_eq!((self.channel.len(), sender.len()), (model.queue.len(), model.queue.len()));
        assert_eq!((self.channel.room() as u64, sender.room() as u64), (room, room));
        assert_eq!(sender.is_full(), !model.fits(sender.max_message()));
    }

    pub fn take(&mut self, step: &Step) {
        match *step {
            Step::TrySend(length) => self.try_send(length),
            Step::Send(length) => self.send(length),
            Step::SendBatch(ref lengths) => self.send_batch(lengths),
            Step::Reserve(length, part) => self.reserve(length, part),
            Step::TryRecv => self.try_recv(),
            Step::RecvInto(room) => self.recv_into(room),
            Step::RecvExact(spare) => self.recv_exact(spare),
            Step::TryRecvBatch(max) => self.try_recv_batch(max),
            Step::PanicWithMessage => self.panic_with(|receiver| {
                if let Ok(_message) = receiver.try_recv() {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
            }),
            Step::PanicWithBatch(max) => self.panic_with(|receiver| {
                if let Ok(_batch) = receiver.try_recv_batch(max) {
                    std::panic::resume_unwind(Box::new("on purpose"));
                }
            }),
            Step::HandBack => self.hand_back(|receiver| receiver.try_recv().map(Message::hand_back)),
            Step::HandBackBatch(max) => self.hand_back(|receiver| receiver.try_recv_batch(max).map(Batch::hand_back)),
            Step::AckFirst(max, count) => self.ack_first(max, count),
            Step::Publish => {
                self.receiver().publish_released();
                self.model.publish();
            }
            Step::RejoinSender => self.rejoin_sender(),
            Step::RejoinReceiver => self.rejoin_receiver(),
            Step::DrainAndFill(found_empty) => self.fullness_law(found_empty),
            Step::WithoutSender(looks) => self.without_sender(looks),
            Step::WithoutReceiver(ref lengths) => self.without_receiver(lengths),
            Step::Fill(length) => self.fill(length),
            Step::AimAtEnd(beyond, short) => self.aim_at_end(beyond, short),
        }
    }

    /// A channel whose messages are all released takes one of the largest size, wherever it stands, and
    /// whether or not its receiver has found it empty.
    pub fn fullness_law(&mut self, found_empty: bool) {
        while !self.model.queue.is_empty() {
            self.try_recv();
        }
        if found_empty {
            self.try_recv();
        }
        let max = self.sender().max_message();
        assert!(self.model.fits(max), "the layout promises room for it");
        self.try_send(max);
        assert_eq!(self.model.queue.len(), 1);
    }
}
