//! What handles print for a programmer: which channel, of which kind, and which seat. Not the memory behind them.

use super::end::Seated;
use super::kind::ChannelKind;
use super::opened::Channel;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::region::Region;
use std::fmt::{Debug, Formatter, Result};

fn show(f: &mut Formatter<'_>, handle: &str, region: &Region, seat: Option<u32>) -> Result {
    let mut shown = f.debug_struct(handle);
    shown.field("channel", &region.label()).field("kind", &region.geometry().row.kind);
    if let Some(seat) = seat {
        shown.field("seat", &seat);
    }
    shown.finish_non_exhaustive()
}

impl Seated {
    /// Prints a handle that has this seat.
    pub(super) fn show(&self, f: &mut Formatter<'_>, handle: &str) -> Result {
        show(f, handle, self.region(), Some(self.seat().row()))
    }
}

impl<K> Debug for Channel<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        show(f, "Channel", &self.shared.region, None)
    }
}

impl<K: ChannelKind> Debug for Sender<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.end.show(f, "Sender")
    }
}

impl<K: ChannelKind> Debug for Receiver<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.end.show(f, "Receiver")
    }
}
