//! A call that a task makes: it is polled.

use super::arm::{arm, subscribe};
use super::calls::Calls;
use super::waiting::Waiting;
use std::task::{Poll, Waker};

/// Polls for a task: makes the call without waiting, and has the task woken when it is worth another try.
pub(crate) fn poll<W: Waiting>(waiting: &mut W, waker: &Waker) -> Poll<Result<W::Output, W::Error>> {
    match waiting.now() {
        Ok(None) => {}
        Ok(Some(found)) => return Poll::Ready(Ok(found)),
        Err(error) => return Poll::Ready(Err(error)),
    }
    let Ok(subscription) = subscribe(waiting) else {
        // No thread can be had that would wake the task: it asks again and again.
        waker.wake_by_ref();
        return Poll::Pending;
    };
    subscription.place().task().leave(waker);
    match arm(waiting, &subscription) {
        Ok(None) => Poll::Pending,
        Ok(Some(found)) => Poll::Ready(Ok(found)),
        Err(error) => Poll::Ready(Err(error)),
    }
}
