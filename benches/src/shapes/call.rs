//! A request and its answer, by peers that know calls.

use crate::calls::{Answer, Call, Calls};
use crate::contest::{Contest, End, Open, Target, Timing, Watch};
use crate::payload;
use anyhow::Result;

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
