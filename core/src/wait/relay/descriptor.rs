//! The descriptor of a handle.

use super::thread::Subscription;
use crate::region::Counting;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

/// A descriptor that becomes readable when its handle has something: see [`Waitable::descriptor`](crate::Waitable::descriptor).
///
/// It stays open as long as the handle or a clone of this is there. What is read from it says nothing, and must be left to the
/// handle, as must writing.
#[derive(Debug, Clone)]
pub struct Descriptor(Arc<Counting>);

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// The descriptor of a handle's place.
///
/// # Errors
/// The process, or the system, is out of descriptors.
pub(crate) fn descriptor(subscription: &Subscription) -> io::Result<Descriptor> {
    Ok(Descriptor(Arc::clone(subscription.place().make_descriptor()?)))
}
