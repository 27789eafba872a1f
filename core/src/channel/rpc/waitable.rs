//! Waiting for a call, or for its answer, together with other things.

use super::berth::Berth;
use super::pending::{Pending, State};
use super::server::Server;
use super::server_end::{Next, ServerEnd};
use crate::channel::waitable::{Awaited, Waitable, Waited, WokenAt};
use crate::region::Moment;
use crate::sync::Ordering::Release;
use crate::sync::fence;
use crate::wait::relay::Subscription;
use crate::wait::{Waiter, subscribe};
use std::io;
use std::sync::Arc;

/// For its next call.
impl Waitable for Server {}

impl Waited for Server {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self.end_mut()
    }
}

impl Awaited for ServerEnd {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        Some(WokenAt::seated(&self.end, self.end.data()))
    }

    fn is_ready(&mut self) -> bool {
        ServerEnd::is_ready(self)
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        subscribe(&mut Next(self))
    }

    fn slice_end(&self) -> Moment {
        self.end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.end.slice_ended().is_err()
    }
}

/// For the answer. Its deadline is looked at by the calls that wait for it alone.
impl Waitable for Pending<'_> {}

impl Waited for Pending<'_> {
    fn awaited(&mut self) -> &mut dyn Awaited {
        if let (State::Asked(ask), None) = (self.state, &self.berth) {
            let client = self.client.borrow();
            self.berth = Some(Berth::new(client.end.region(), client.end.seat().row(), ask.frame));
        }
        self
    }
}

impl Awaited for Pending<'_> {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        self.berth.as_ref().map(Berth::woken_at)
    }

    fn is_ready(&mut self) -> bool {
        Pending::is_ready(self)
    }

    fn before_park(&mut self) {
        // EDGE asleep→caller: as in `Answer::before_park`.
        fence(Release);
    }

    fn slice_end(&self) -> Moment {
        self.client.borrow().end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.client.borrow_mut().end.slice_ended().is_err()
    }
}
