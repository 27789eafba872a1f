//! memlane, whatever the kind of channel, between processes and between threads. Futex wake-ups are on everywhere, as they
//! always are. Its ends wait as their strategy says; when one dies, the other goes on by itself after a slice.
//!
//! [`Memlane`] is the peer. What it needs of a kind is a [`Kind`]: one file each. Its calls are always inlined, so that the
//! compiler knows a message's length where it calls the engine, as in a program that calls it itself.

use crate::peer::{Named, Peer, Rx, Shape, Side, ThreadPeer, Tx, buffer, whole};
use anyhow::Result;
use memlane::{Strategy, TrustPeers};
use std::fmt::Debug;
use std::marker::PhantomData;
use std::path::Path;

/// A program keeps messages of up to so many bytes in local variables.
const ON_STACK: usize = 256;

/// A kind of channel.
pub trait Kind: Debug + Clone + Copy + Send + Sync + 'static {
    /// As memlane calls it.
    const NAME: &'static str;
    type Channel;
    type Sender: Sender;
    type Receiver: Receiver;

    /// The channel of this name, or one between threads, for messages of so many bytes.
    fn channel(place: Option<(&str, Side)>, shape: Shape, bytes: usize) -> Result<Self::Channel>;
    fn sender(channel: &Self::Channel) -> Result<Self::Sender>;
    fn receiver(channel: &Self::Channel) -> Result<Self::Receiver>;
}

/// A kind's sender.
pub trait Sender: Send + 'static {
    fn set_strategy(&mut self, strategy: Strategy);
    fn send(&mut self, message: &[u8]) -> Result<()>;
    fn send_batch<M: AsRef<[u8]>>(&mut self, messages: impl Iterator<Item = M>) -> Result<()>;
    /// Reserves so many bytes, has them written where they are, and commits them.
    fn send_in_place(&mut self, length: usize, write: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<()>;
}

/// A kind's receiver.
pub trait Receiver: Send + 'static {
    fn set_strategy(&mut self, strategy: Strategy);
    fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize>;
    /// Shows the next message where it is.
    fn recv_in_place<R>(&mut self, read: impl FnOnce(&[u8]) -> Result<R>) -> Result<R>;
    /// Copies each message of a batch into `buffer` and shows it there. How many it were.
    fn recv_batch_into(
        &mut self,
        max: usize,
        buffer: &mut [u8],
        read: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize>;
    /// Shows each message of a batch where it is. How many it were.
    fn recv_batch_in_place(&mut self, max: usize, read: impl FnMut(&[u8]) -> Result<()>) -> Result<usize>;
}

pub fn trust() -> TrustPeers {
    // SAFETY: both ends are this program's, and neither touches a message that is not its own.
    unsafe { TrustPeers::promise() }
}

/// memlane's channels of a kind, whose ends wait by a strategy. Whether messages are copied in and out, or written and read in
/// place, a program knows when it is compiled.
#[derive(Debug, Clone, Copy)]
pub struct Memlane<K, const IN_PLACE: bool> {
    kind: PhantomData<K>,
    strategy: Strategy,
}

impl<K: Kind> Memlane<K, false> {
    /// `send` and `recv_into`, which copy.
    pub fn copying(strategy: Strategy) -> Self {
        Self { kind: PhantomData, strategy }
    }
}

impl<K: Kind> Memlane<K, true> {
    /// `reserve` and `recv`, and the message's bytes where they are.
    pub fn in_place(strategy: Strategy) -> Self {
        Self { kind: PhantomData, strategy }
    }
}

impl<K: Kind, const IN_PLACE: bool> Memlane<K, IN_PLACE> {
    fn channel<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<K::Channel> {
        K::channel(Some((&path.display().to_string(), side)), shape, N)
    }

    fn sending<const N: usize>(self, channel: &K::Channel) -> Result<Sending<K::Sender, N, IN_PLACE>> {
        let mut tx = K::sender(channel)?;
        tx.set_strategy(self.strategy);
        Ok(Sending { tx, message: buffer() })
    }

    fn receiving<const N: usize>(self, channel: &K::Channel) -> Result<Receiving<K::Receiver, N, IN_PLACE>> {
        let mut rx = K::receiver(channel)?;
        rx.set_strategy(self.strategy);
        Ok(Receiving { rx, message: buffer() })
    }
}

impl<K: Kind, const IN_PLACE: bool> Named for Memlane<K, IN_PLACE> {
    fn id(&self) -> String {
        let way = if IN_PLACE { "-in-place" } else { "" };
        format!("memlane-{}-{:?}{way}", K::NAME, self.strategy).to_lowercase()
    }

    fn label(&self) -> String {
        let way = if IN_PLACE { ", in place" } else { "" };
        let is_default = self.strategy == Strategy::default();
        let strategy = if is_default { String::new() } else { format!(", {:?}", self.strategy) };
        format!("memlane {}{way}{strategy}", K::NAME)
    }

    fn may_sleep(&self) -> bool {
        self.strategy != Strategy::Spin
    }
}

impl<K: Kind, const N: usize, const IN_PLACE: bool> Peer<N> for Memlane<K, IN_PLACE> {
    type Tx = Sending<K::Sender, N, IN_PLACE>;
    type Rx = Receiving<K::Receiver, N, IN_PLACE>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Tx> {
        self.sending(&Self::channel::<N>(path, side, shape)?)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Rx> {
        self.receiving(&Self::channel::<N>(path, side, shape)?)
    }
}

impl<K: Kind, const N: usize, const IN_PLACE: bool> ThreadPeer<N> for Memlane<K, IN_PLACE> {
    type Tx = Sending<K::Sender, N, IN_PLACE>;
    type Rx = Receiving<K::Receiver, N, IN_PLACE>;

    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Self::Tx>, Vec<Self::Rx>)> {
        let channel = K::channel(None, shape, N)?;
        let senders = (0..senders).map(|_| self.sending(&channel)).collect::<Result<_>>()?;
        let receivers = (0..receivers).map(|_| self.receiving(&channel)).collect::<Result<_>>()?;
        Ok((senders, receivers))
    }
}

pub struct Sending<S, const N: usize, const IN_PLACE: bool> {
    tx: S,
    message: Box<[u8; N]>,
}

impl<S: Sender, const N: usize, const IN_PLACE: bool> Tx<N> for Sending<S, N, IN_PLACE> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        if IN_PLACE {
            self.tx.send_in_place(N, |bytes| {
                write(bytes.try_into()?);
                Ok(())
            })
        } else if N <= ON_STACK {
            let mut message = [0; N];
            write(&mut message);
            self.tx.send(&message)
        } else {
            write(&mut self.message);
            self.tx.send(&*self.message)
        }
    }

    #[inline]
    fn send_batch(&mut self, count: usize, mut write: impl FnMut(&mut [u8; N])) -> Result<()> {
        self.tx.send_batch((0..count).map(|_| {
            let mut message = [0; N];
            write(&mut message);
            message
        }))
    }
}

pub struct Receiving<R, const N: usize, const IN_PLACE: bool> {
    rx: R,
    message: Box<[u8; N]>,
}

impl<R: Receiver, const N: usize, const IN_PLACE: bool> Rx<N> for Receiving<R, N, IN_PLACE> {
    #[inline]
    fn recv<T>(&mut self, read: impl FnOnce(&[u8; N]) -> T) -> Result<T> {
        if IN_PLACE {
            self.rx.recv_in_place(|bytes| Ok(read(whole(bytes)?)))
        } else if N <= ON_STACK {
            let mut message = [0; N];
            let length = self.rx.recv_into(&mut message)?;
            Ok(read(whole(&message[..length])?))
        } else {
            let length = self.rx.recv_into(&mut *self.message)?;
            Ok(read(whole(&self.message[..length])?))
        }
    }

    #[inline]
    fn recv_batch(&mut self, max: usize, mut read: impl FnMut(&[u8; N])) -> Result<usize> {
        let each = |bytes: &[u8]| {
            read(whole(bytes)?);
            Ok(())
        };
        if IN_PLACE {
            self.rx.recv_batch_in_place(max, each)
        } else if N <= ON_STACK {
            self.rx.recv_batch_into(max, &mut [0; N], each)
        } else {
            self.rx.recv_batch_into(max, &mut *self.message, each)
        }
    }
}
