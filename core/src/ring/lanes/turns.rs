//! The order in which lanes are looked at: two rounds, of those that have something and of those that had nothing.
//!
//! All of it is the receiver's own memory.

use std::cell::Cell;

/// A visit takes so many messages at most.
const VISIT_MESSAGES: u32 = 16;
/// A visit ends behind the message that makes it so many bytes.
const VISIT_BYTES: u64 = 4096;
/// So many idle lanes are looked at after a visit.
pub(super) const IDLE_LOOKS: u32 = 4;

/// Lanes in a circle.
#[derive(Debug, Default, Clone, Copy)]
struct Round {
    /// The lane whose turn it is; `None`: there is no lane.
    current: Option<u32>,
    length: u32,
}

/// Which round a lane is in, and its neighbours there.
#[derive(Debug, Default, Clone, Copy)]
struct Link {
    place: Place,
    next: u32,
    previous: u32,
}

/// Where a lane is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In no round.
    #[default]
    Detached,
    /// In the round of those that had something when they were last looked at.
    Active,
    /// In the round of the others.
    Idle,
}

/// The two rounds, and the visit that is being made.
#[derive(Debug)]
pub(super) struct Turns {
    /// By lane, up to the last one that was ever in a round.
    links: Vec<Link>,
    active: Round,
    idle: Round,
    /// What the visit may still take.
    messages_left: u32,
    bytes_left: u64,
    /// Where the next glance at idle lanes begins.
    glance_at: Cell<u32>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            links: Vec::new(),
            active: Round::default(),
            idle: Round::default(),
            messages_left: VISIT_MESSAGES,
            bytes_left: VISIT_BYTES,
            glance_at: Cell::new(0),
        }
    }

    /// The lane whose turn it is, if its visit goes on.
    #[inline]
    pub(super) fn visited(&self) -> Option<u32> {
        if self.messages_left == 0 { None } else { self.active.current }
    }

    /// The lane whose turn it is.
    pub(super) fn current(&self) -> Option<u32> {
        self.active.current
    }

    /// How many messages of so many bytes the visit may still take.
    pub(super) fn messages_left(&self, bytes: u64) -> usize {
        self.bytes_left.div_ceil(bytes.max(1)).min(self.messages_left.into()) as usize
    }

    /// A message of so many bytes was taken.
    #[inline]
    pub(super) fn spend(&mut self, bytes: u64) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.messages_left = if self.bytes_left == 0 { 0 } else { self.messages_left.saturating_sub(1) };
    }

    /// Every lane is detached.
    pub(super) fn clear(&mut self) {
        self.links.fill(Link::default());
        (self.active, self.idle) = (Round::default(), Round::default());
    }

    pub(super) fn is_attached(&self, lane: u32) -> bool {
        self.place(lane) != Place::Detached
    }

    pub(super) fn is_active(&self, lane: u32) -> bool {
        self.place(lane) == Place::Active
    }

    /// The active lanes, in turn.
    pub(super) fn active(&self) -> impl Iterator<Item = u32> {
        let lanes = std::iter::successors(self.active.current, |lane| Some(self.link(*lane).next));
        lanes.take(self.active.length as usize)
    }

    /// Whether a lane is attached.
    pub(super) fn has_any(&self) -> bool {
        self.active.length != 0 || self.idle.length != 0
    }

    /// The lane has something, or may have: its turn comes after those of all others.
    pub(super) fn activate(&mut self, lane: u32) {
        self.move_to(lane, Place::Active);
    }

    /// The lane was found empty.
    pub(super) fn retire(&mut self, lane: u32) {
        self.move_to(lane, Place::Idle);
    }

    /// The lane is not looked at any more.
    pub(super) fn detach(&mut self, lane: u32) {
        self.move_to(lane, Place::Detached);
    }

    /// It is this lane's turn, and its visit begins anew.
    pub(super) fn turn_to(&mut self, lane: u32) {
        self.activate(lane);
        self.active.current = Some(lane);
        self.begin_visit();
    }

    /// The visit is over: it is the next lane's turn.
    pub(super) fn go_on(&mut self) {
        self.active.current = self.active.current.map(|lane| self.link(lane).next);
        self.begin_visit();
    }

    /// Looks at idle lanes, at most so many, and activates those of which `has_something` holds.
    pub(super) fn look_at_idle(&mut self, looks: u32, has_something: impl Fn(u32) -> bool) {
        for _ in 0..looks.min(self.idle.length) {
            let Some(lane) = self.idle.current else { break };
            self.idle.current = Some(self.link(lane).next);
            if has_something(lane) {
                self.activate(lane);
            }
        }
    }

    /// How many lanes are idle.
    pub(super) fn idle(&self) -> u32 {
        self.idle.length
    }

    /// Whether one of the next idle lanes, at most so many, `has_something`. Another glance goes on behind them.
    pub(super) fn glance_at_idle(&self, looks: u32, has_something: impl Fn(u32) -> bool) -> bool {
        let Some(current) = self.idle.current else { return false };
        let last = self.glance_at.get();
        let mut lane = if self.place(last) == Place::Idle { last } else { current };
        for _ in 0..looks.min(self.idle.length) {
            if has_something(lane) {
                return true;
            }
            lane = self.link(lane).next;
            self.glance_at.set(lane);
        }
        false
    }

    fn begin_visit(&mut self) {
        (self.messages_left, self.bytes_left) = (VISIT_MESSAGES, VISIT_BYTES);
    }

    fn place(&self, lane: u32) -> Place {
        self.link(lane).place
    }

    fn link(&self, lane: u32) -> Link {
        self.links.get(lane as usize).copied().unwrap_or_default()
    }

    fn round(&mut self, place: Place) -> Option<&mut Round> {
        match place {
            Place::Detached => None,
            Place::Active => Some(&mut self.active),
            Place::Idle => Some(&mut self.idle),
        }
    }

    fn move_to(&mut self, lane: u32, place: Place) {
        if self.place(lane) != place {
            self.take_out(lane);
            self.put_last(lane, place);
        }
    }

    /// Takes a lane out of its round. If it was its turn there, it is that of the next one, whose visit begins.
    fn take_out(&mut self, lane: u32) {
        let Link { place, next, previous } = self.link(lane);
        let Some(round) = self.round(place) else { return };
        round.length = round.length.saturating_sub(1);
        let was_current = round.current == Some(lane);
        if was_current {
            round.current = (round.length != 0).then_some(next);
        }
        self.links[previous as usize].next = next;
        self.links[next as usize].previous = previous;
        self.links[lane as usize].place = Place::Detached;
        if was_current && place == Place::Active {
            self.begin_visit();
        }
    }

    /// Puts a lane that is in no round in front of the current one of this round, whose turn comes last then.
    fn put_last(&mut self, lane: u32, place: Place) {
        let length = self.links.len().max((lane as usize).saturating_add(1));
        self.links.resize(length, Link::default());
        let Some(round) = self.round(place) else { return };
        round.length = round.length.saturating_add(1);
        let next = *round.current.get_or_insert(lane);
        let previous = if next == lane { lane } else { self.link(next).previous };
        self.links[lane as usize] = Link { place, next, previous };
        self.links[previous as usize].next = lane;
        self.links[next as usize].previous = lane;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn active(turns: &mut Turns, of: u32) -> Vec<u32> {
        (0..of)
            .filter_map(|_| {
                let lane = turns.visited();
                turns.go_on();
                lane
            })
            .collect()
    }

    #[test]
    fn lanes_take_turns_in_the_order_in_which_they_became_active() {
        let mut turns = Turns::new();
        assert_eq!((turns.visited(), turns.has_any()), (None, false));
        [3, 1, 4].into_iter().for_each(|lane| turns.activate(lane));
        assert_eq!(active(&mut turns, 4), [3, 1, 4, 3]);
        turns.activate(0);
        assert_eq!(turns.visited(), Some(1));
        assert_eq!(active(&mut turns, 4), [1, 4, 3, 0]);
        turns.retire(1);
        turns.detach(3);
        assert_eq!(active(&mut turns, 3), [4, 0, 4]);
        turns.turn_to(1);
        assert_eq!(turns.visited(), Some(1), "it gets its turn again");
        [0, 1, 4].into_iter().for_each(|lane| turns.detach(lane));
        assert_eq!((turns.visited(), turns.has_any()), (None, false));
    }

    #[test]
    fn a_visit_ends_after_so_many_messages_or_bytes_and_takes_one_at_least() {
        let mut turns = Turns::new();
        turns.activate(0);
        for message in 0..VISIT_MESSAGES {
            assert_eq!(turns.visited(), Some(0), "message {message}");
            turns.spend(10);
        }
        assert_eq!((turns.visited(), turns.current()), (None, Some(0)));
        turns.go_on();
        assert_eq!(turns.visited(), Some(0));
        turns.spend(VISIT_BYTES - 1);
        assert_eq!(turns.visited(), Some(0));
        turns.spend(1);
        assert_eq!(turns.visited(), None);
        turns.go_on();
        turns.spend(u64::MAX);
        assert_eq!(turns.visited(), None, "one message, however long");
    }

    #[test]
    fn every_idle_lane_is_looked_at_within_a_fourth_as_many_visits() {
        let mut turns = Turns::new();
        for lane in 0..11 {
            turns.activate(lane);
            turns.retire(lane);
        }
        // Meanwhile, others leave the round, in front of the next one and behind it.
        let looked = std::cell::RefCell::new(Vec::new());
        for leaving in [0, 9, 5] {
            turns.look_at_idle(IDLE_LOOKS, |lane| {
                looked.borrow_mut().push(lane);
                false
            });
            turns.detach(leaving);
        }
        assert_eq!(*looked.borrow(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 1, 2]);
        turns.look_at_idle(u32::MAX, |lane| lane % 2 == 0);
        assert_eq!(active(&mut turns, 5), [4, 6, 8, 10, 2]);
        assert_eq!((turns.idle(), turns.is_active(10)), (3, true));
        assert!(turns.glance_at_idle(16, |lane| lane == 7) && !turns.glance_at_idle(16, |lane| lane == 8));
        let glanced = (0..3).filter(|_| turns.glance_at_idle(1, |lane| lane == 3)).count();
        assert_eq!(glanced, 1, "one of them in turn");
    }
}
