//! Waiting for typed handles, together with other things.

use super::ends::Carrier;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::channel::waitable::{Awaited, Waitable, Waited};

/// For its next value.
impl<T: ?Sized, K: Carrier, C> Waitable for Receiver<T, K, C> {}

impl<T: ?Sized, K: Carrier, C> Waited for Receiver<T, K, C> {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self.under.awaited()
    }
}

/// For room for the longest message.
impl<T: ?Sized, K: Carrier, C> Waitable for Sender<T, K, C> {}

impl<T: ?Sized, K: Carrier, C> Waited for Sender<T, K, C> {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self.under.awaited()
    }
}
