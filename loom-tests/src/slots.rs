//! A slot queue's memory made of loom's parts, and the accounts of who sent and received what.
//!
//! Payloads are loom cells: loom itself reports a slot that is filled while somebody reads it, or read by somebody to whom
//! the commit is not visible.

use crate::departed::{self, Dead, first_life, live};
use crate::explore::CrashPoint;
use loom::cell::Cell;
use memlane::error::Corruption;
use memlane::layout::{RowIndex, SlotHeader, SlotState, SlotWord};
use memlane::ring::slots::{Delivery, GivenBack, Loan, OnDeath, Queue, Search, SlotGeometry, SlotMemory, returned};
use memlane::sync::{
    AtomicU64,
    Ordering::{Acquire, Relaxed},
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The words of one queue, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomSlots(Rc<Words>);

#[derive(Debug)]
struct Words {
    slots: Vec<Slot>,
    rings: Vec<Ring>,
    returned: AtomicU64,
    searched: AtomicU64,
    /// The first words of the participants' rows.
    rows: Vec<AtomicU64>,
}

#[derive(Debug)]
struct Slot {
    word: AtomicU64,
    header: AtomicU64,
    payload: Cell<u64>,
}

#[derive(Debug)]
struct Ring {
    cells: Vec<AtomicU64>,
    head: AtomicU64,
    tail: AtomicU64,
}

impl LoomSlots {
    fn new(geometry: &SlotGeometry) -> Self {
        let slot = |_| Slot {
            word: AtomicU64::new(SlotWord::FRESH.bits()),
            header: AtomicU64::new(0),
            payload: Cell::new(u64::MAX),
        };
        let ring = |_| Ring {
            cells: (0..geometry.cells()).map(|_| AtomicU64::new(0)).collect(),
            head: AtomicU64::new(0),
            tail: AtomicU64::new(0),
        };
        Self(Rc::new(Words {
            slots: (0..geometry.slots()).map(slot).collect(),
            rings: (0..geometry.rings()).map(ring).collect(),
            returned: AtomicU64::new(0),
            searched: AtomicU64::new(0),
            rows: (0..ROWS).map(|row| AtomicU64::new(live(first_life(row)).bits())).collect(),
        }))
    }

    fn payload(&self, slot: u16) -> &Cell<u64> {
        &self.0.slots[usize::from(slot)].payload
    }
}

impl SlotMemory for LoomSlots {
    fn slot(&self, slot: u16) -> &AtomicU64 {
        &self.0.slots[usize::from(slot)].word
    }

    fn slot_header(&self, slot: u16) -> &AtomicU64 {
        &self.0.slots[usize::from(slot)].header
    }

    fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        &self.0.rings[usize::from(ring)].cells[index as usize]
    }

    fn head(&self, ring: u8) -> &AtomicU64 {
        &self.0.rings[usize::from(ring)].head
    }

    fn tail(&self, ring: u8) -> &AtomicU64 {
        &self.0.rings[usize::from(ring)].tail
    }

    fn returned(&self) -> &AtomicU64 {
        &self.0.returned
    }

    fn searched(&self) -> &AtomicU64 {
        &self.0.searched
    }
}

/// Rows of the models' participants.
const ROWS: u16 = 6;

/// A receiver: how it comes to its messages.
#[derive(Debug)]
pub struct Taker {
    queue: Queue<LoomSlots>,
    search: Search,
}

/// A queue, and everything that is known about its messages. Clones are the same queue.
#[derive(Debug, Clone)]
pub struct Accounts {
    memory: LoomSlots,
    geometry: SlotGeometry,
    policy: OnDeath,
    facts: Rc<RefCell<Facts>>,
}

#[derive(Debug, Default)]
struct Facts {
    /// Committed for certain.
    committed: BTreeSet<u64>,
    /// Being committed; if the sender died there, the message may exist.
    doubtful: BTreeSet<u64>,
    /// How often each message was seen by a receiver.
    seen: BTreeMap<u64, u32>,
    /// Acknowledged for certain.
    acknowledged: BTreeSet<u64>,
    /// Given back, or held by who died: may come again.
    may_repeat: BTreeSet<u64>,
}

impl Accounts {
    /// A fresh queue whose rings have as few cells as correctness allows.
    pub fn of(slots: u32, rings: u8, policy: OnDeath) -> Self {
        let geometry = SlotGeometry::new(slots, u64::from(slots).next_power_of_two(), rings);
        Self { memory: LoomSlots::new(&geometry), geometry, policy, facts: Rc::default() }
    }

    /// The same after so many messages have passed through it, one after the other: rings that wrapped, and stale cells.
    pub fn after(self, messages: u64) -> Self {
        let mut queue = self.queue(0);
        for message in 0..messages {
            assert!(self.send(&mut queue, 2000 + message) && self.receive(&queue), "the queue was empty");
        }
        self
    }

    /// Access for the participant in this row.
    pub fn queue(&self, row: u16) -> Queue<LoomSlots> {
        Queue::new(self.memory.clone(), self.geometry, RowIndex(row))
    }

    /// Takes a slot on loan and fills it with this message.
    pub fn fill(&self, queue: &mut Queue<LoomSlots>, message: u64) -> Option<Loan> {
        let loan = queue.alloc()?;
        queue.memory().payload(loan.slot).set(message);
        Some(loan)
    }

    /// Commits a filled slot.
    pub fn commit(&self, queue: &Queue<LoomSlots>, loan: Loan, message: u64, priority: u8) {
        self.committing(message, || queue.commit(loan, SlotHeader::new(8, priority)));
    }

    /// Sends a message, if there is a free slot.
    pub fn send(&self, queue: &mut Queue<LoomSlots>, message: u64) -> bool {
        let Some(loan) = self.fill(queue, message) else { return false };
        self.commit(queue, loan, message, 0);
        true
    }

    /// Sends a message of this priority. There is a free slot.
    pub fn send_as(&self, queue: &mut Queue<LoomSlots>, message: u64, priority: u8) {
        let loan = self.fill(queue, message).expect("a free slot");
        self.commit(queue, loan, message, priority);
    }

    /// Sends these messages as a batch, as far as there are free slots.
    pub fn send_batch(&self, queue: &mut Queue<LoomSlots>, messages: impl IntoIterator<Item = u64>) {
        let mut batch = queue.begin_batch(0);
        for message in messages {
            let Some(loan) = self.fill(queue, message) else { break };
            self.committing(message, || queue.commit_next(&mut batch, loan, 8).map(drop));
        }
        queue.end_batch(&mut batch);
    }

    fn committing(&self, message: u64, commit: impl FnOnce() -> Result<(), Corruption>) {
        self.facts.borrow_mut().doubtful.insert(message);
        commit().expect("the ring is sound");
        let mut facts = self.facts.borrow_mut();
        facts.doubtful.remove(&message);
        facts.committed.insert(message);
    }

    /// Reads a delivery.
    pub fn read(&self, queue: &Queue<LoomSlots>, delivery: &Delivery) -> u64 {
        let message = queue.memory().payload(delivery.slot()).get();
        let mut facts = self.facts.borrow_mut();
        let known = facts.committed.contains(&message) || facts.doubtful.contains(&message);
        assert!(known, "{message} was delivered, and never committed");
        assert!(!facts.acknowledged.contains(&message), "{message} was acknowledged, and comes again");
        let seen = facts.seen.entry(message).or_insert(0);
        *seen += 1;
        let seen = *seen;
        assert!(seen == 1 || facts.may_repeat.contains(&message), "{message} came twice");
        assert!(seen == 1 || delivery.is_repeated(), "{message} came again, and does not say so");
        message
    }

    /// A receiver in this row, that has not received anything yet.
    pub fn taker(&self, row: u16) -> Taker {
        Taker { queue: self.queue(row), search: Search::default() }
    }

    /// Takes the next message, and reads it: one that was returned first, as a receiver does that has just joined.
    pub fn take(&self, queue: &Queue<LoomSlots>) -> Option<(Delivery, u64)> {
        let mut search = Search::default();
        queue.search_if_returned(&mut search);
        let delivery = match queue.take_returned(&mut search).or_else(|| queue.take_fast()) {
            Some(delivery) => delivery,
            None => queue.take().expect("the queue is sound")?,
        };
        Some(self.taken(queue, delivery))
    }

    /// The same by a receiver that stays: it asks whether anything was returned only if it has news, and goes on with a search
    /// that it began. Without either it takes the straight way first, as the fast path does.
    pub fn take_on(&self, taker: &mut Taker, has_news: bool) -> Option<(Delivery, u64)> {
        let Taker { queue, search } = taker;
        if has_news {
            queue.search_if_returned(search);
        }
        let delivery = match queue.take_returned(search).or_else(|| queue.take_fast()) {
            Some(delivery) => delivery,
            None => queue.take().expect("the queue is sound")?,
        };
        Some(self.taken(queue, delivery))
    }

    /// Receives a message as [`Accounts::take_on`] takes it, and acknowledges it. Whether there was one.
    pub fn receive_on(&self, taker: &mut Taker, has_news: bool) -> bool {
        let Some(taken) = self.take_on(taker, has_news) else { return false };
        self.acknowledge(&taker.queue, taken);
        true
    }

    fn taken(&self, queue: &Queue<LoomSlots>, delivery: Delivery) -> (Delivery, u64) {
        let message = self.read(queue, &delivery);
        self.may_repeat(message);
        (delivery, message)
    }

    /// Until it is acknowledged, its receiver may die or give it back.
    pub fn may_repeat(&self, message: u64) {
        self.facts.borrow_mut().may_repeat.insert(message);
    }

    /// Whether a message stands at the beginning of this ring.
    pub fn is_filled(&self, ring: u8) -> bool {
        self.memory.cell(ring, 0).load(Acquire) != 0
    }

    /// Acknowledges a message.
    pub fn acknowledge(&self, queue: &Queue<LoomSlots>, (delivery, message): (Delivery, u64)) {
        queue.acknowledge(delivery).expect("it is ours");
        self.facts.borrow_mut().acknowledged.insert(message);
    }

    /// Gives a message back.
    pub fn give_back(&self, queue: &Queue<LoomSlots>, (delivery, _): (Delivery, u64)) {
        assert_eq!(queue.give_back(delivery, 0), Ok(GivenBack::Queued));
    }

    /// Receives a message and acknowledges it. Whether there was one.
    pub fn receive(&self, queue: &Queue<LoomSlots>) -> bool {
        let Some(taken) = self.take(queue) else { return false };
        self.acknowledge(queue, taken);
        true
    }

    /// Whether the participant in this row holds a slot, or a message that it sent is queued: a reaping that finds nothing is
    /// not worth a model of several.
    pub fn uses_slots(&self, row: u16) -> bool {
        (0..self.geometry.slots()).any(|slot| {
            let word = SlotWord::from_bits(self.memory.slot(slot as u16).load(Relaxed));
            !matches!(word.state(), Some(SlotState::Free | SlotState::Returned)) && word.owner() == RowIndex(row)
        })
    }

    fn slots_in(&self, state: SlotState) -> u64 {
        let is_in =
            |slot: &u32| SlotWord::from_bits(self.memory.slot(*slot as u16).load(Relaxed)).state() == Some(state);
        (0..self.geometry.slots()).filter(is_in).count() as u64
    }

    /// Reaps the participant in this row, whose death was proved: it is joined.
    pub fn reap(&self, reaper: u16, dead: u16) {
        self.reap_all(reaper, &[dead]);
    }

    /// Reaps all of these by one pass, as far as they have not been reaped yet: they are dead and joined. Others may do so at
    /// the same time.
    pub fn reap_all(&self, reaper: u16, departed: &[u16]) {
        let rows = &self.memory.0.rows[..];
        let dead = Dead::among(rows, departed);
        if dead.is_empty() {
            return;
        }
        self.queue(reaper).reap(&dead, self.policy, 0).expect("the dead leave a sound queue");
        dead.bury();
    }

    /// Takes the seat of one that was reaped. Whether it was.
    pub fn sit_down(&self, row: u16) -> bool {
        departed::sit_down(&self.memory.0.rows, row)
    }

    /// Counts what is returned, as an observer does, of each priority.
    pub fn returned(&self) -> Vec<u64> {
        let counts = returned(&self.memory, &self.geometry);
        assert!(counts.iter().sum::<u64>() <= u64::from(self.geometry.slots()));
        counts
    }

    /// The same by a participant that dies, too.
    pub fn reap_and_die(&self, crash: &CrashPoint, reaper: u16, dead: u16) {
        crash.of(|| self.reap(reaper, dead));
    }

    /// Receives everything that is left, and checks that all that was committed came, and that every slot is free and
    /// works.
    pub fn settle(&self, row: u16) {
        let mut queue = self.queue(row);
        assert_eq!(
            self.returned().iter().sum::<u64>(),
            self.slots_in(SlotState::Returned),
            "observers find all of them"
        );
        while self.receive(&queue) {}
        {
            let facts = self.facts.borrow();
            for message in &facts.committed {
                let gone = self.policy == OnDeath::Discard && facts.may_repeat.contains(message);
                assert!(gone || facts.seen.contains_key(message), "{message} was committed, and never came");
                assert!(gone || facts.acknowledged.contains(message), "{message} was never acknowledged");
            }
        }
        assert_eq!(self.slots_in(SlotState::Free), self.geometry.slots().into(), "slots are lost");
        for number in 0..u64::from(self.geometry.slots()) {
            assert!(self.send(&mut queue, 1000 + number), "a free slot can be used");
        }
        for number in 0..u64::from(self.geometry.slots()) {
            let taken = self.take(&queue).expect("the queue still delivers");
            assert_eq!(taken.1, 1000 + number, "in order");
            self.acknowledge(&queue, taken);
        }
    }
}
