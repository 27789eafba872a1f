//! What the writer knows of the readers that hold it back.

use super::memory::BroadcastMemory;
use crate::error::Corruption;
use crate::layout::{ParticipantState, RowState};
use crate::ring::log::{LaneGeometry, Position};
use crate::sync::Ordering::Acquire;

/// The readers whose gates count.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// Readers that were attached when somebody joined last, and those whose rows were kept.
    readers: Vec<u32>,
    /// `joins` from before the rows were looked at.
    seen: Option<u32>,
}

/// The least of the gates, and whose it is; without one, where the writer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Least {
    pub(super) position: Position,
    pub(super) reader: Option<u32>,
}

impl Gates {
    /// Looks at the rows, if somebody joined since. `joins` was loaded with Acquire.
    ///
    /// # Errors
    /// A row says what no participant writes.
    pub(super) fn look<M: BroadcastMemory>(&mut self, memory: &M, joins: u32) -> Result<(), Corruption> {
        if self.seen == Some(joins) {
            return Ok(());
        }
        self.readers.clear();
        for reader in 0..memory.readers() {
            match row_of(memory, reader)?.state {
                // No reader has a row behind the first vacant one.
                ParticipantState::Vacant => break,
                ParticipantState::Live | ParticipantState::Away => self.readers.push(reader),
                ParticipantState::Closed | ParticipantState::Dead => {}
            }
        }
        self.seen = Some(joins);
        Ok(())
    }

    /// The least gate that keeps the writer, which stands at `position` and has `used` so much, from going up to `target`.
    ///
    /// # Errors
    /// A row or a gate says what no participant writes.
    pub(super) fn least<M: BroadcastMemory>(
        &mut self,
        memory: &M,
        geometry: &LaneGeometry,
        (position, used, target): (Position, Position, Position),
    ) -> Result<Least, Corruption> {
        let mut least = Least { position, reader: None };
        let mut index = 0;
        while let Some(&reader) = self.readers.get(index) {
            // EDGE consume→reuse: pairs with the Release in `reader::tell`, `attach` and `joining::join`.
            let gate = Position(memory.gate(reader).load(Acquire));
            let end = gate.plus(geometry.capacity());
            let holds_back = end.0 >= used.0 && end.0 < target.0 && gate.0 < least.position.0;
            if holds_back && !row_of(memory, reader)?.is_somebodys() {
                self.readers.swap_remove(index);
                continue;
            }
            if holds_back {
                if !geometry.is_possible(gate) {
                    return Err(Corruption::Positions);
                }
                least = Least { position: gate, reader: Some(reader) };
            }
            index += 1;
        }
        Ok(least)
    }
}

fn row_of<M: BroadcastMemory>(memory: &M, reader: u32) -> Result<RowState, Corruption> {
    // EDGE row→look: pairs with the Release in `word::replace`: everything that its holder read, it has read.
    let word = memory.row(reader).load(Acquire);
    RowState::from_bits(word).ok_or(Corruption::Participant)
}
