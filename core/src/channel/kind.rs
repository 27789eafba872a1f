//! What a kind of channel is: its row of the table of kinds, and the ports that its senders stand on.

use super::port::{LaneOutlet, Outlet, SlotOutlet};
use std::fmt::Debug;

/// A kind of channel: [`Spsc`] or [`Mpmc`].
///
/// Code for channels of any kind is generic over it:
///
/// ```
/// use memlane::generic::{ChannelKind, Sender};
/// use memlane::{SendError, mpmc, spsc};
///
/// fn greet<K: ChannelKind>(tx: &mut Sender<K>) -> Result<(), SendError> {
///     tx.send(b"hello")
/// }
/// let (lane, queue) = (spsc::Options::new().private()?, mpmc::Options::new().private()?);
/// greet(&mut lane.sender()?)?;
/// greet(&mut queue.sender()?)?;
/// assert_eq!(queue.receiver()?.recv()?.to_vec(), b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(private_bounds, reason = "only this crate makes kinds, and what they are made of is its own business")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of memlane channel",
    label = "not a kind of channel",
    note = "the kinds are `memlane::generic::Spsc` and `memlane::generic::Mpmc`"
)]
pub trait ChannelKind: Ports + Debug + Clone + Copy + Send + Sync + 'static {}

/// What a kind is made of.
pub(crate) trait Ports {
    /// Where its senders put messages.
    type Outlet: Outlet;
}

/// The kind of [`spsc`](crate::spsc) channels.
#[derive(Debug, Clone, Copy)]
pub enum Spsc {}

impl ChannelKind for Spsc {}

impl Ports for Spsc {
    type Outlet = LaneOutlet;
}

/// The kind of [`mpmc`](crate::mpmc) channels.
#[derive(Debug, Clone, Copy)]
pub enum Mpmc {}

impl ChannelKind for Mpmc {}

impl Ports for Mpmc {
    type Outlet = SlotOutlet;
}
