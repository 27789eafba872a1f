//! Rows that are kept for names, made of loom's parts. A name is one word, and what a reader keeps in its row a cell.

use loom::cell::Cell;
use memlane::layout::{Naming, ParticipantState, Role, RowState};
use memlane::liveness::names::{self, Claim, NamedRows};
use memlane::liveness::word;
use memlane::sync::AtomicU64;
use std::rc::Rc;

/// So many rows there are.
const ROWS: usize = 2;

/// Rows that nobody has yet; shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomRows(Rc<[Row; ROWS]>);

#[derive(Debug)]
struct Row {
    word: AtomicU64,
    name: [AtomicU64; 1],
    /// How often its readers came.
    kept: Cell<u64>,
}

/// A reader that has a row kept.
#[derive(Debug)]
pub struct Reader {
    rows: LoomRows,
    index: usize,
    word: u64,
}

/// What came of joining.
#[derive(Debug)]
pub enum Outcome {
    /// It has the row that is kept for the name: the first one of that, or it came back.
    Has(Reader),
    /// Another one has it.
    Taken,
    /// No row is free.
    Full,
}

impl NamedRows for LoomRows {
    fn rows(&self) -> impl Iterator<Item = &AtomicU64> {
        self.0.iter().map(|row| &row.word)
    }

    fn name(&self, index: usize) -> &[AtomicU64] {
        &self.0[index].name
    }
}

impl LoomRows {
    /// Nobody is there, nor was.
    pub fn new() -> Self {
        let row = || Row { word: AtomicU64::new(0), name: [AtomicU64::new(0)], kept: Cell::new(0) };
        Self(Rc::new([row(), row()]))
    }

    /// A reader joins by a name, as often as others come in between. Those in `over`, lives that are over, it buries.
    pub fn join(&self, life: u64, name: u64, over: &[u64]) -> Outcome {
        for attempt in 0.. {
            assert!(attempt < 5, "each turn, another one does something, and there are few of them");
            match names::find(self, &[name]).expect("rows are sound") {
                Some(found) if found.row.state == ParticipantState::Away => {
                    let ours = RowState { naming: Naming::Named, ..RowState::live(life, Role::Receiver) };
                    let row = &self.0[found.index];
                    if let Some(word) = word::take(&row.word, found.word, ours) {
                        row.kept.set(row.kept.get() + 1);
                        return Outcome::Has(Reader { rows: self.clone(), index: found.index, word });
                    }
                }
                Some(found) if over.contains(&found.row.life) => {
                    word::bury(&self.0[found.index].word, found.word);
                }
                Some(_) => return Outcome::Taken,
                None => {
                    let Some((index, mut word)) = self.take_free(life, over) else { return Outcome::Full };
                    let row = &self.0[index];
                    names::write(&row.name, &[name]);
                    row.kept.set(1);
                    let claim = names::claim(self, index, &mut word, &[name], |_| ()).expect("rows are sound");
                    if claim == Claim::Kept {
                        return Outcome::Has(Reader { rows: self.clone(), index, word });
                    }
                    // It fails if the row was taken away.
                    word::leave(&row.word, word);
                }
            }
        }
        unreachable!()
    }

    /// Takes a free row, having buried those that are over.
    fn take_free(&self, life: u64, over: &[u64]) -> Option<(usize, u64)> {
        let ours = RowState::live(life, Role::Receiver);
        let taken = word::take_first(self.rows(), ours, &mut Vec::new()).expect("rows are sound");
        taken.or_else(|| {
            for row in self.rows() {
                let (state, seen) = word::look(row).expect("rows are sound");
                if state.state == ParticipantState::Live && over.contains(&state.life) {
                    word::bury(row, seen);
                }
            }
            word::take_first(self.rows(), ours, &mut Vec::new()).expect("rows are sound")
        })
    }

    /// A reader takes a free row and writes its name, and no more.
    pub fn sits_down(&self, life: u64, name: u64) -> bool {
        self.take_free(life, &[]).map(|(index, _)| names::write(&self.0[index].name, &[name])).is_some()
    }

    /// Forgets the reader of this name, if it is away.
    pub fn forget(&self, name: u64) -> bool {
        names::find(self, &[name]).expect("rows are sound").is_some_and(|found| {
            found.row.state == ParticipantState::Away && word::forget(&self.0[found.index].word, found.word)
        })
    }

    /// How many rows are kept for this name. (Nobody does anything meanwhile.)
    pub fn kept_for(&self, name: u64) -> usize {
        let said = self.0.iter().map(|row| (word::look(&row.word).expect("rows are sound").0, &row.name));
        said.filter(|(row, [word])| row.naming == Naming::Named && word.load(memlane::sync::Ordering::Relaxed) == name)
            .count()
    }

    /// Whether somebody has this name, as one sees it that looks once.
    pub fn is_known(&self, name: u64) -> bool {
        names::find(self, &[name]).expect("rows are sound").is_some()
    }
}

impl Default for LoomRows {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// How often readers of this row came since it is kept, this one included.
    pub fn comings(&self) -> u64 {
        self.rows.0[self.index].kept.get()
    }

    /// Whether it does not have the first row.
    pub fn is_in_a_higher_row(&self) -> bool {
        self.index > 0
    }

    /// Leaves; the row stays its name's.
    pub fn leave(self) {
        assert!(word::leave(&self.rows.0[self.index].word, self.word), "nobody else writes to it");
    }
}
