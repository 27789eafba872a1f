//! Peers that carry no messages but calls, each a request and its answer, as [`crate::peer`] has those of messages.

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
