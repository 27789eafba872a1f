//! The lives that a row begins with in a model, and those that are over, as one knows of them that reaps.

use memlane::layout::{ParticipantState, Role, RowIndex, RowState};
use memlane::liveness::word;
use memlane::ring::slots::Departed;
use memlane::sync::AtomicU64;

/// The life that row 0 begins with; those of the others follow.
const FIRST_LIFE: u64 = 100;

/// The life that this row begins with.
pub fn first_life(row: u16) -> u64 {
    FIRST_LIFE + u64::from(row)
}

/// The row of one that is alive. Which role it has makes no difference here.
pub fn live(life: u64) -> RowState {
    RowState::live(life, Role::Receiver)
}

/// Takes the seat in this row for a second life, if the first one was reaped. Whether it was.
pub fn sit_down(rows: &[AtomicU64], row: u16) -> bool {
    let word = &rows[usize::from(row)];
    let (state, seen) = word::look(word).expect("a row is sound");
    let ours = RowState::live(first_life(row) + 50, state.role);
    state.state != ParticipantState::Live && word::take(word, seen, ours).is_some()
}

/// Participants whose death was proved: each row, and the word that it held then.
pub struct Dead<'a> {
    rows: &'a [AtomicU64],
    found: Vec<(u16, u64)>,
}

impl<'a> Dead<'a> {
    /// Those of the departed that have not been reaped yet. What the kernel says is about a life: the row may have another one by now,
    /// or none.
    pub fn among(rows: &'a [AtomicU64], departed: &[u16]) -> Self {
        let looked = departed.iter().filter_map(|&row| {
            let (state, word) = word::look(&rows[usize::from(row)]).expect("a row is sound");
            let is_over = state.state == ParticipantState::Live && state.life == first_life(row);
            is_over.then_some((row, word))
        });
        Self { rows, found: looked.collect() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Says in their rows that they are dead, behind the pass that settled what they held.
    pub fn bury(&self) {
        for &(row, word) in &self.found {
            word::bury(&self.rows[usize::from(row)], word);
        }
    }

    fn word(&self, row: RowIndex) -> Option<u64> {
        self.found.iter().find(|&&(dead, _)| dead == row.0).map(|&(_, word)| word)
    }
}

impl Departed for Dead<'_> {
    fn contains(&self, row: RowIndex) -> bool {
        self.word(row).is_some()
    }

    fn still_holds(&self, row: RowIndex) -> bool {
        self.word(row).is_some_and(|word| word::still_says(&self.rows[usize::from(row.0)], word))
    }
}
