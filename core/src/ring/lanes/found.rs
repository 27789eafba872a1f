//! What a receiver knows of the lanes, and how it comes to know.

use super::memory::{GROUP, LanesMemory};
use super::turns::Turns;
use crate::error::Corruption;
use crate::layout::{ParticipantState, RowState};
use crate::ring::log::{LaneEnd, LaneGeometry, Position, Reader};
use crate::sync::Ordering::Acquire;

/// A lane that was attached at least once.
#[derive(Debug)]
pub struct Attached<L: LaneEnd> {
    /// Its reading end.
    pub reader: Reader<L>,
    /// What was published when its sender was woken last.
    pub woken_at: Position,
    /// Messages and bytes of it that were counted already.
    pub counted: (u64, u64),
    /// Whether messages of it stand in a batch: they are not done with yet.
    pub in_batch: bool,
}

/// What a receiver knows of one lane.
#[derive(Debug)]
struct Lane<L: LaneEnd> {
    /// The life that its row said last; 0: none yet.
    life: u64,
    /// Whether the row said then that the life is over: what is committed is all that comes of it.
    is_over: bool,
    /// Kept when the lane is dropped, for the next sender: nobody else reads it.
    attached: Option<Box<Attached<L>>>,
}

/// What a receiver knows of all lanes.
#[derive(Debug)]
pub(super) struct Found<M: LanesMemory> {
    pub(super) memory: M,
    geometry: LaneGeometry,
    /// The counters of changes up to which the rows were looked at. They begin at 0: of such a group, nothing was ever told.
    changes: Vec<u32>,
    /// Up to the last one that ever had a sender, as far as this receiver knows.
    lanes: Vec<Lane<M::Lane>>,
}

impl<M: LanesMemory> Found<M> {
    /// Nothing is known yet.
    pub(super) fn new(memory: M, geometry: LaneGeometry) -> Self {
        let changes = vec![0; memory.lanes().div_ceil(GROUP) as usize];
        Self { memory, geometry, changes, lanes: Vec::new() }
    }

    /// Looks at the rows that changed. Activates the lanes of lives that are new, and of those that are over.
    ///
    /// # Errors
    /// A row, or the words of a lane, say what no participant writes.
    pub(super) fn look(&mut self, turns: &mut Turns) -> Result<(), Corruption> {
        for group in 0..self.changes.len() {
            // EDGE change→rows: pairs with the Release in `tell`.
            let changes = self.memory.changes(group as u32).load(Acquire);
            if self.changes[group] != changes {
                let first = (group as u32).saturating_mul(GROUP);
                for lane in first..first.saturating_add(GROUP).min(self.memory.lanes()) {
                    self.judge(lane, turns)?;
                }
                self.changes[group] = changes;
            }
        }
        Ok(())
    }

    fn judge(&mut self, lane: u32, turns: &mut Turns) -> Result<(), Corruption> {
        // EDGE row→look: pairs with the Release in `word::replace`; what the sender committed before it left is polled afterwards.
        let word = self.memory.row(lane).load(Acquire);
        let RowState { life, state, .. } = RowState::from_bits(word).ok_or(Corruption::Participant)?;
        if self.lanes.len() <= lane as usize {
            if state == ParticipantState::Vacant {
                return Ok(());
            }
            let unknown = || Lane { life: 0, is_over: false, attached: None };
            self.lanes.resize_with((lane as usize).saturating_add(1), unknown);
        }
        let known = &mut self.lanes[lane as usize];
        let is_new = known.life != life;
        (known.life, known.is_over) = (life, state != ParticipantState::Live);
        if is_new && known.attached.is_none() {
            let reader = Reader::resume(self.memory.lane(lane), self.geometry)?;
            known.attached =
                Some(Box::new(Attached { woken_at: reader.published(), counted: (0, 0), in_batch: false, reader }));
        }
        if is_new || known.is_over && turns.is_attached(lane) {
            turns.activate(lane);
        }
        Ok(())
    }

    /// Whether a lane's sender was gone when its row was last looked at.
    pub(super) fn is_over(&self, lane: u32) -> bool {
        self.lanes[lane as usize].is_over
    }

    /// A lane, if it was attached once.
    #[inline]
    pub(super) fn get(&self, lane: u32) -> Option<&Attached<M::Lane>> {
        self.lanes.get(lane as usize)?.attached.as_deref()
    }

    /// A lane, if it was attached once.
    #[inline]
    pub(super) fn get_mut(&mut self, lane: u32) -> Option<&mut Attached<M::Lane>> {
        self.lanes.get_mut(lane as usize)?.attached.as_deref_mut()
    }

    /// Whether something stands at a lane's position.
    pub(super) fn has_something(&self, lane: u32) -> bool {
        self.get(lane).is_some_and(|lane| lane.reader.glance())
    }
}
