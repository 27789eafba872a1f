//! Waiting for bytes, together with other things.

use super::reader::Reader;
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::region::Moment;
use crate::wait::relay::Subscription;
use std::io;
use std::sync::Arc;

/// For the next byte, or the end.
impl Waitable for Reader {}

impl Waited for Reader {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl Awaited for Reader {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        self.rx.woken_at()
    }

    fn is_ready(&mut self) -> bool {
        self.front.is_some() || self.rx.is_ready()
    }

    fn before_park(&mut self) {
        Awaited::before_park(&mut self.rx);
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        self.rx.subscribe()
    }

    fn slice_end(&self) -> Moment {
        self.rx.slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.rx.slice_ended()
    }
}
