//! A request and its answer, by peers that know calls.

use crate::contest::{Contest, End, Open, Target, Timing, Watch};
use crate::payload;
use crate::peer::Named;
use anyhow::Result;
use std::path::Path;

/// A peer that knows calls: a request, and the answer to it, through one path. The caller's side creates what is shared.
pub trait Calls<const N: usize>: Named {
    /// The end that asks.
    type Caller: Call<N> + 'static;
    /// The end that answers.
    type Callee: Answer<N> + 'static;

    /// Opens the asking end at `path`. It may not wait for the other side: that one comes later.
    fn caller(&self, path: &Path) -> Result<Self::Caller>;
    /// Opens the answering end at `path`.
    fn callee(&self, path: &Path) -> Result<Self::Callee>;
}

/// The asking end, for requests and answers of `N` bytes.
pub trait Call<const N: usize> {
    /// Sends the request that `write` writes, and shows the answer to `read`.
    fn call<R>(&mut self, write: impl FnOnce(&mut [u8; N]), read: impl FnOnce(&[u8; N]) -> R) -> Result<R>;
}

/// The answering end.
pub trait Answer<const N: usize> {
    /// Waits for a request and sends what `answer` makes of it.
    fn answer(&mut self, answer: impl FnOnce(&[u8; N], &mut [u8; N])) -> Result<()>;
}

/// A request of `N` bytes and its answer, by a peer that knows calls.
pub fn call<const N: usize, P: Calls<N>>(peer: P, target: Option<Target>) -> Contest {
    let (id, label, may_sleep) = (peer.id(), peer.label(), peer.may_sleep());
    let callee = peer.clone();
    Contest {
        id: format!("call-{N}-{id}"),
        label: format!("{label}, {N} bytes"),
        open: Open::Processes {
            lead: Box::new(move |path| Ok(Box::new(Asking::<N, _> { caller: peer.caller(path)?, number: 0 }))),
            partner: Box::new(move |path| Ok(Box::new(Answering::<N, _> { callee: callee.callee(path)? }))),
        },
        may_sleep,
        target,
    }
}

struct Asking<const N: usize, C> {
    caller: C,
    number: u64,
}

impl<const N: usize, C: Call<N>> End for Asking<N, C> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        watch.trips(operations, Timing::Blocks, |watch| {
            self.number += 1;
            let number = self.number;
            let write = |request: &mut [u8; N]| payload::write(request, number);
            watch.check(self.caller.call(write, |answer| payload::is(answer, number))?);
            Ok(())
        })
    }
}

/// Answers with what it is asked.
struct Answering<const N: usize, A> {
    callee: A,
}

impl<const N: usize, A: Answer<N>> End for Answering<N, A> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations {
            self.callee.answer(|request, answer| {
                let number = payload::number(request);
                watch.check(number.is_some());
                payload::write(answer, number.unwrap_or(0));
            })?;
        }
        Ok(())
    }
}
