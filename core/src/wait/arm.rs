//! How a call that found nothing arms, in place of a sleep.

use super::relay::Subscription;
use super::relay::arming::Standing;
use super::waiting::{Waiter, Waiting};
#[cfg(feature = "async")]
use crate::region::Moment;
use std::io;
use std::sync::Arc;

/// Behind a call that does not wait any longer, and found nothing: arms, if the handle has a descriptor. Returns what came meanwhile.
#[inline]
pub(crate) fn arm_descriptor<W: Waiting + ?Sized>(waiting: &mut W) -> Result<Option<W::Output>, W::Error> {
    match waiting.waiter().subscription() {
        Some(subscription) if subscription.place().descriptor().is_some() => {
            let subscription = Arc::clone(subscription);
            arm(waiting, &subscription)
        }
        _ => Ok(None),
    }
}

/// Arms, unless it is armed already. Returns what came meanwhile.
#[cold]
pub(super) fn arm<W: Waiting + ?Sized>(
    waiting: &mut W,
    subscription: &Subscription,
) -> Result<Option<W::Output>, W::Error> {
    let place = subscription.place();
    if place.arming().standing() == Standing::Armed {
        return Ok(None);
    }
    // The relay tells when the slice is over, and this is the call that follows.
    let now = waiting.waiter().now();
    if now >= waiting.waiter().patience().slice_end() {
        waiting.waiter_mut().slice_ended()?;
    }
    subscription.set_until(waiting.waiter().patience().slice_end());
    waiting.before_park();
    let drain = || place.drain();
    let look = || match waiting.attempt_slow()? {
        None if !waiting.may_park() => waiting.attempt_slow(),
        found => Ok(found),
    };
    let found = place.arming().arm(place.signals(), place.word(), drain, look, || subscription.ring());
    if !matches!(found, Ok(None)) {
        // It stays readable until a call finds nothing.
        place.raise();
    }
    found
}

/// Has a task woken that waits for this place, unless `is_ready` says that there is something now. Returns whether it will be; the relay
/// tells at `until` at the latest.
#[cfg(feature = "async")]
pub(crate) fn arm_for_task(
    subscription: &Subscription,
    waker: &std::task::Waker,
    until: Moment,
    is_ready: impl FnOnce() -> bool,
) -> bool {
    let place = subscription.place();
    place.task().leave(waker);
    if place.arming().standing() == Standing::Armed {
        return true;
    }
    subscription.set_until(until);
    let look = || Ok::<_, std::convert::Infallible>(is_ready().then_some(()));
    let drain = || place.drain();
    let Ok(found) = place.arming().arm(place.signals(), place.word(), drain, look, || subscription.ring());
    if found.is_some() {
        place.raise();
    }
    found.is_none()
}

/// The place of the handle that makes this call, which it gets now if it has none.
///
/// # Errors
/// The system refuses another thread; or no relay can sleep for this handle (`Unsupported`).
pub(crate) fn subscribe<W: Waiting>(waiting: &mut W) -> io::Result<Arc<Subscription>> {
    if let Some(subscription) = waiting.waiter().subscription() {
        return Ok(Arc::clone(subscription));
    }
    let at = waiting.waiter().wake_word(waiting.word()).ok_or(io::ErrorKind::Unsupported)?;
    let subscription = Arc::new(Subscription::new(at)?);
    waiting.waiter_mut().set_subscription(Arc::clone(&subscription));
    Ok(subscription)
}
