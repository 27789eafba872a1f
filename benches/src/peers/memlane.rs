//! memlane, whatever the kind of channel, between processes and between threads. Futex wake-ups are on everywhere, as they
//! always are. Its ends wait as their strategy says; when one dies, the other goes on by itself after a slice.
//!
//! [`Memlane`] is the peer. It calls the engine with lengths that the compiler knows, as a program does that has messages of one
//! length.

use crate::peer::{Named, Peer, Rx, Shape, Side, ThreadPeer, Tx, buffer, whole};
use anyhow::Result;
use memlane::generic::{self, Batch, Channel, ChannelKind, Options, Receiver, Sender};
use memlane::{Strategy, TrustPeers};
use std::marker::PhantomData;
use std::path::Path;

/// A program keeps messages of up to so many bytes in local variables.
const ON_STACK: usize = 256;

/// Records start at multiples of so many bytes, unless a program asks for more.
pub const PACKED: usize = 8;

/// A kind of channel, and what its channels are like.
pub trait Kind: ChannelKind {
    /// As memlane calls it.
    const NAME: &'static str;

    /// Channels of this shape for messages of so many bytes, with this `record_alignment` where the kind has lanes.
    fn options(shape: Shape, bytes: usize, record_alignment: usize) -> Options<Self>;
}

/// One sender, one receiver, and a ring of so many bytes between them.
impl Kind for generic::Spsc {
    const NAME: &'static str = "spsc";

    fn options(shape: Shape, _bytes: usize, record_alignment: usize) -> Options<Self> {
        Options::<Self>::new().capacity(shape.room).record_alignment(record_alignment)
    }
}

/// Many senders, many receivers, and as many slots between them as messages have room.
impl Kind for generic::Mpmc {
    const NAME: &'static str = "mpmc";

    fn options(shape: Shape, bytes: usize, _record_alignment: usize) -> Options<Self> {
        Options::<Self>::new().slots(shape.room / bytes).max_message(bytes)
    }
}

/// Many senders with a lane of so many bytes each, one receiver.
impl Kind for generic::Mpsc {
    const NAME: &'static str = "mpsc";

    fn options(shape: Shape, _bytes: usize, _record_alignment: usize) -> Options<Self> {
        Options::<Self>::new().capacity(shape.room).max_senders(8)
    }
}

/// One sender, and many receivers that read one lane of so many bytes.
impl Kind for generic::Broadcast {
    const NAME: &'static str = "broadcast";

    fn options(shape: Shape, _bytes: usize, record_alignment: usize) -> Options<Self> {
        Options::<Self>::new().capacity(shape.room).record_alignment(record_alignment).max_receivers(8)
    }
}

/// memlane's `spsc`.
pub type Spsc<const IN_PLACE: bool> = Memlane<generic::Spsc, IN_PLACE>;

/// memlane's `mpmc`.
pub type Mpmc<const IN_PLACE: bool> = Memlane<generic::Mpmc, IN_PLACE>;

/// memlane's `mpsc`.
pub type Mpsc<const IN_PLACE: bool> = Memlane<generic::Mpsc, IN_PLACE>;

/// memlane's `broadcast`, whose sender waits for its receivers.
pub type Broadcast<const IN_PLACE: bool> = Memlane<generic::Broadcast, IN_PLACE>;

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
    record_alignment: usize,
}

impl<const IN_PLACE: bool> Spsc<IN_PLACE> {
    /// The same with records that start at multiples of so many bytes.
    pub fn aligned(self, record_alignment: usize) -> Self {
        Self { record_alignment, ..self }
    }
}

impl<K: Kind> Memlane<K, false> {
    /// `send` and `recv_into`, which copy.
    pub fn copying(strategy: Strategy) -> Self {
        Self { kind: PhantomData, strategy, record_alignment: PACKED }
    }
}

impl<K: Kind> Memlane<K, true> {
    /// `reserve` and `recv`, and the message's bytes where they are.
    pub fn in_place(strategy: Strategy) -> Self {
        Self { kind: PhantomData, strategy, record_alignment: PACKED }
    }
}

impl<K: Kind, const IN_PLACE: bool> Memlane<K, IN_PLACE> {
    fn channel<const N: usize>(self, path: &Path, side: Side, shape: Shape) -> Result<Channel<K>> {
        let (options, name) = (K::options(shape, N, self.record_alignment), path.display().to_string());
        Ok(match side {
            Side::Creates => options.create(&name)?,
            Side::Opens => options.open(&name)?,
        })
    }

    fn sending<const N: usize>(self, channel: &Channel<K>) -> Result<Sending<K, N, IN_PLACE>> {
        let mut tx = channel.sender()?;
        tx.set_strategy(self.strategy);
        Ok(Sending { tx, message: buffer() })
    }

    fn receiving<const N: usize>(self, channel: &Channel<K>) -> Result<Receiving<K, N, IN_PLACE>> {
        let mut rx = channel.receiver()?;
        rx.set_strategy(self.strategy);
        Ok(Receiving { rx, message: buffer() })
    }
}

impl<K: Kind, const IN_PLACE: bool> Named for Memlane<K, IN_PLACE> {
    fn id(&self) -> String {
        let way = if IN_PLACE { "-in-place" } else { "" };
        let aligned = if self.record_alignment == PACKED { "" } else { "-aligned" };
        format!("memlane-{}-{:?}{way}{aligned}", K::NAME, self.strategy).to_lowercase()
    }

    fn label(&self) -> String {
        let way = if IN_PLACE { ", in place" } else { "" };
        let is_default = self.strategy == Strategy::default();
        let strategy = if is_default { String::new() } else { format!(", {:?}", self.strategy) };
        let aligned = match self.record_alignment {
            PACKED => String::new(),
            bytes => format!(", record_alignment({bytes})"),
        };
        format!("memlane {}{way}{aligned}{strategy}", K::NAME)
    }

    fn may_sleep(&self) -> bool {
        self.strategy != Strategy::Spin
    }
}

impl<K: Kind, const N: usize, const IN_PLACE: bool> Peer<N> for Memlane<K, IN_PLACE> {
    type Tx = Sending<K, N, IN_PLACE>;
    type Rx = Receiving<K, N, IN_PLACE>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Tx> {
        self.sending(&self.channel::<N>(path, side, shape)?)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Self::Rx> {
        self.receiving(&self.channel::<N>(path, side, shape)?)
    }
}

impl<K: Kind, const N: usize, const IN_PLACE: bool> ThreadPeer<N> for Memlane<K, IN_PLACE> {
    type Tx = Sending<K, N, IN_PLACE>;
    type Rx = Receiving<K, N, IN_PLACE>;

    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Self::Tx>, Vec<Self::Rx>)> {
        let channel = K::options(shape, N, self.record_alignment).private()?;
        let senders = (0..senders).map(|_| self.sending(&channel)).collect::<Result<_>>()?;
        let receivers = (0..receivers).map(|_| self.receiving(&channel)).collect::<Result<_>>()?;
        Ok((senders, receivers))
    }
}

pub struct Sending<K: Kind, const N: usize, const IN_PLACE: bool> {
    tx: Sender<K>,
    message: Box<[u8; N]>,
}

impl<K: Kind, const N: usize, const IN_PLACE: bool> Tx<N> for Sending<K, N, IN_PLACE> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        if IN_PLACE {
            let mut grant = self.tx.reserve(N)?;
            write(grant.as_mut_slice(trust()).try_into()?);
            grant.commit(N)?;
        } else if N <= ON_STACK {
            let mut message = [0; N];
            write(&mut message);
            self.tx.send(&message)?;
        } else {
            write(&mut self.message);
            self.tx.send(&*self.message)?;
        }
        Ok(())
    }

    #[inline]
    fn send_batch(&mut self, count: usize, mut write: impl FnMut(&mut [u8; N])) -> Result<()> {
        self.tx.send_batch((0..count).map(|_| {
            let mut message = [0; N];
            write(&mut message);
            message
        }))?;
        Ok(())
    }
}

pub struct Receiving<K: Kind, const N: usize, const IN_PLACE: bool> {
    rx: Receiver<K>,
    message: Box<[u8; N]>,
}

impl<K: Kind, const N: usize, const IN_PLACE: bool> Rx<N> for Receiving<K, N, IN_PLACE> {
    #[inline]
    fn recv<T>(&mut self, read: impl FnOnce(&[u8; N]) -> T) -> Result<T> {
        if IN_PLACE {
            let message = self.rx.recv()?;
            Ok(read(whole(message.as_slice(trust()))?))
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
        let batch = self.rx.recv_batch(max)?;
        if IN_PLACE {
            for message in &batch {
                read(whole(message.as_slice(trust()))?);
            }
        } else if N <= ON_STACK {
            copy_each(&batch, &mut [0; N], read)?;
        } else {
            copy_each(&batch, &mut self.message, read)?;
        }
        Ok(batch.len())
    }
}

/// Copies each message of a batch into `buffer` and shows it there.
#[inline(always)]
fn copy_each<K: Kind, const N: usize>(
    batch: &Batch<'_, K>,
    buffer: &mut [u8; N],
    mut read: impl FnMut(&[u8; N]),
) -> Result<()> {
    for message in batch {
        let length = message.copy_to(buffer)?;
        read(whole(&buffer[..length])?);
    }
    Ok(())
}
