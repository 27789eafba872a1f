//! What a kind of channel is: its row of the table of kinds, and the two ports that its senders and receivers stand on. And the
//! list of kinds.

use super::port::{
    BroadcastInlet, BroadcastOutlet, Inlet, LaneInlet, LaneOutlet, LanesInlet, Outlet, SlotInlet, SlotOutlet,
};
use crate::layout::Kind;
use std::fmt::Debug;

/// Hands the list of kinds to a macro, behind what else it is to get: `with_kinds!(each { … })` becomes
/// `each! { { … } Spsc spsc; Mpmc mpmc; … }`. Of each kind, it has the type of [`generic`](crate::generic), which is also the variant of
/// [`Kind`](crate::Kind) and of the enums of [`any`](crate::any); and the module.
///
/// Not part of the stable interface: a later version lists more, and may list more of each.
#[macro_export]
#[doc(hidden)]
macro_rules! with_kinds {
    ($each:ident $what:tt) => {
        $each! { $what Spsc spsc; Mpmc mpmc; Mpsc mpsc; Broadcast broadcast; }
    };
}
pub use with_kinds;

/// A kind of channel: [`Spsc`], [`Mpmc`], [`Mpsc`] or [`Broadcast`].
///
/// Code for channels of any kind is generic over it:
///
/// ```
/// use memlane::generic::{ChannelKind, Receiver, Sender};
/// use memlane::{mpmc, spsc};
///
/// fn echo<K: ChannelKind>(tx: &mut Sender<K>, rx: &mut Receiver<K>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
///     tx.send(b"hello")?;
///     Ok(rx.recv()?.to_vec())
/// }
/// let lane = spsc::Options::new().private()?;
/// assert_eq!(echo(&mut lane.sender()?, &mut lane.receiver()?)?, b"hello");
/// let queue = mpmc::Options::new().private()?;
/// assert_eq!(echo(&mut queue.sender()?, &mut queue.receiver()?)?, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(private_bounds, reason = "only this crate makes kinds, and what they are made of is its own business")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of memlane channel",
    label = "not a kind of channel",
    note = "the kinds are `Spsc`, `Mpmc`, `Mpsc` and `Broadcast` of `memlane::generic`"
)]
pub trait ChannelKind: Ports + Debug + Clone + Copy + Send + Sync + 'static {}

/// Stands where a channel may be of a kind that carries messages: each of these kinds, and whatever kind.
pub(crate) trait CarriesMessages {}

impl<K: ChannelKind> CarriesMessages for K {}

/// The parts that a kind is made of.
pub(crate) trait Ports {
    /// Its row of the table of kinds.
    const KIND: Kind;
    /// Where its senders put messages.
    type Outlet: Outlet;
    /// Where its receivers take them.
    type Inlet: Inlet;
    /// Whether its hot calls stand in line where a program does not know the kind, beside a call for each other kind. So it is for the
    /// one that is fastest: each further kind in line costs the others the registers that it wants.
    const IN_LINE: bool = false;
}

/// The kind of [`spsc`](crate::spsc) channels.
#[derive(Debug, Clone, Copy)]
pub enum Spsc {}

impl ChannelKind for Spsc {}

impl Ports for Spsc {
    const KIND: Kind = Kind::Spsc;
    type Outlet = LaneOutlet;
    type Inlet = LaneInlet;
    const IN_LINE: bool = true;
}

/// The kind of [`mpmc`](crate::mpmc) channels.
#[derive(Debug, Clone, Copy)]
pub enum Mpmc {}

impl ChannelKind for Mpmc {}

impl Ports for Mpmc {
    const KIND: Kind = Kind::Mpmc;
    type Outlet = SlotOutlet;
    type Inlet = SlotInlet;
}

/// The kind of [`mpsc`](crate::mpsc) channels.
#[derive(Debug, Clone, Copy)]
pub enum Mpsc {}

impl ChannelKind for Mpsc {}

impl Ports for Mpsc {
    const KIND: Kind = Kind::Mpsc;
    type Outlet = LaneOutlet;
    type Inlet = LanesInlet;
}

/// The kind of [`broadcast`](crate::broadcast) channels.
#[derive(Debug, Clone, Copy)]
pub enum Broadcast {}

impl ChannelKind for Broadcast {}

impl Ports for Broadcast {
    const KIND: Kind = Kind::Broadcast;
    type Outlet = BroadcastOutlet;
    type Inlet = BroadcastInlet;
}
