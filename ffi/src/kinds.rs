//! The kinds of channel. Everything else here goes through [`ByKind`]: a new kind is one more variant, and the compiler
//! says what else it needs.

use crate::lending::Lender;
use memlane::{mpmc, spsc};

/// One sender, one receiver; messages of variable length, in order. The fastest kind.
pub const MEMLANE_SPSC: u32 = 1;

/// Many senders, many receivers; each message goes to one of the receivers, and comes again unless it is acknowledged.
pub const MEMLANE_MPMC: u32 = 2;

/// Something that there is of every kind.
#[derive(Debug, Clone)]
pub(crate) enum ByKind<S, M> {
    Spsc(S),
    Mpmc(M),
}

pub(crate) type Channel = ByKind<spsc::Channel, mpmc::Channel>;
pub(crate) type Options = ByKind<spsc::Options, mpmc::Options>;
pub(crate) type SenderEnd = ByKind<Lender<spsc::Sender>, Lender<mpmc::Sender>>;
pub(crate) type ReceiverEnd = ByKind<Lender<spsc::Receiver>, Lender<mpmc::Receiver>>;

/// The same for every kind: `on_kind!(value, inner => expression)`.
macro_rules! on_kind {
    ($value:expr, $inner:ident => $same:expr) => {
        match $value {
            $crate::kinds::ByKind::Spsc($inner) => $same,
            $crate::kinds::ByKind::Mpmc($inner) => $same,
        }
    };
}

/// The same for every kind, kept by kind: `map_kind!(value, inner => expression?)`.
macro_rules! map_kind {
    ($value:expr, $inner:ident => $same:expr) => {
        match $value {
            $crate::kinds::ByKind::Spsc($inner) => $crate::kinds::ByKind::Spsc($same),
            $crate::kinds::ByKind::Mpmc($inner) => $crate::kinds::ByKind::Mpmc($same),
        }
    };
}

pub(crate) use {map_kind, on_kind};
