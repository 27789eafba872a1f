//! What one thread does alone, again and again.

use crate::contest::{Contest, Crew, End, Open, ThreadEnd, Watch};
use anyhow::Result;

/// The end that does it.
struct Alone<F> {
    step: F,
}

impl<F: FnMut() -> Result<()>> End for Alone<F> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        (0..operations).try_for_each(|_| (self.step)())
    }
}

/// One thread that does, again and again, what `prepare` makes.
pub fn alone<F>(id: &str, label: &str, prepare: impl Fn() -> Result<F> + 'static) -> Contest
where
    F: FnMut() -> Result<()> + Send + 'static,
{
    one_thread(id, label, move || Ok(Box::new(Alone { step: prepare()? })))
}

/// One thread.
pub(super) fn one_thread(id: &str, label: &str, end: impl Fn() -> Result<ThreadEnd> + 'static) -> Contest {
    Contest {
        id: id.to_owned(),
        label: label.to_owned(),
        open: Open::CrewOfThreads(Crew::sharing(0, 1), Box::new(move || Ok(vec![end()?]))),
        may_sleep: false,
        target: None,
    }
}
