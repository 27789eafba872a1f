//! A kind whose channels are damaged, whichever it is.

use super::probe::LENGTH;
use super::shift::Shift;
use super::{calls, images};
use crate::subject::{Kind, Subject};
use anyhow::Result;

/// See [`calls`] and [`images`].
pub trait Corruptible: Kind {
    /// Creates a channel as small as it can be.
    fn create_tiny(&self, name: &str) -> Result<()>;

    /// What a sender does in so many channels.
    fn send(&self, shift: &mut Shift, cases: usize) -> Result<()>;

    /// What a receiver does.
    fn receive(&self, shift: &mut Shift, cases: usize) -> Result<()>;

    /// Makes every call on images that are wrong all over, and notes which were late.
    fn attack(&self, late: &mut Vec<String>) -> Result<()>;
}

impl<K: Subject> Corruptible for K {
    fn create_tiny(&self, name: &str) -> Result<()> {
        K::tiny(LENGTH).create(name)?;
        Ok(())
    }

    fn send(&self, shift: &mut Shift, cases: usize) -> Result<()> {
        calls::send::<K>(shift, 0, cases)
    }

    fn receive(&self, shift: &mut Shift, cases: usize) -> Result<()> {
        calls::receive::<K>(shift, 0, cases)
    }

    fn attack(&self, late: &mut Vec<String>) -> Result<()> {
        images::attack_messages(self, late)
    }
}
