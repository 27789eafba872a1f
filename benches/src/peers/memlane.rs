//! memlane, whatever the kind of channel, between processes and between threads. Futex wake-ups are on everywhere, as they
//! always are. Its ends wait as their strategy says; when one dies, the other goes on by itself after a slice.

use memlane::{Strategy, TrustPeers};

/// A program keeps messages of up to so many bytes in local variables.
pub(super) const ON_STACK: usize = 256;

/// How the ends wait. Whether messages are copied in and out, or written and read in place, a program knows when it is
/// compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way<const IN_PLACE: bool>(pub(super) Strategy);

impl<const IN_PLACE: bool> Way<IN_PLACE> {
    pub(super) fn id(self, kind: &str) -> String {
        format!("memlane-{kind}-{:?}{}", self.0, if IN_PLACE { "-in-place" } else { "" }).to_lowercase()
    }

    pub(super) fn label(self, kind: &str) -> String {
        let way = if IN_PLACE { ", in place" } else { "" };
        let strategy = if self.0 == Strategy::default() { String::new() } else { format!(", {:?}", self.0) };
        format!("memlane {kind}{way}{strategy}")
    }
}

pub fn trust() -> TrustPeers {
    // SAFETY: both ends are this program's, and neither touches a message that is not its own.
    unsafe { TrustPeers::promise() }
}

/// `memlane_peer!(Name, kind, options)`: the peer of this name, by memlane's channels of this kind, with the options that
/// the function makes of a shape and the length of a message.
macro_rules! memlane_peer {
    ($name:ident, $kind:ident, $options:expr) => {
        use crate::peer::{Named, Peer, Rx, Shape, Side, ThreadPeer, Tx, buffer, whole};
        use crate::peers::memlane::{ON_STACK, Way, trust};
        use anyhow::Result;
        use memlane::Strategy;
        use memlane::$kind::{Channel, Options, Receiver, Sender};
        use std::path::Path;

        #[doc = concat!("memlane's `", stringify!($kind), "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<const IN_PLACE: bool>(Way<IN_PLACE>);

        impl $name<false> {
            /// `send` and `recv_into`, which copy.
            pub fn copying(strategy: Strategy) -> Self {
                Self(Way(strategy))
            }
        }

        impl $name<true> {
            /// `reserve` and `recv`, and the message's bytes where they are.
            pub fn in_place(strategy: Strategy) -> Self {
                Self(Way(strategy))
            }
        }

        impl<const IN_PLACE: bool> $name<IN_PLACE> {
            fn options<const N: usize>(shape: Shape) -> Options {
                let options: fn(Shape, usize) -> Options = $options;
                options(shape, N)
            }

            fn channel<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<Channel> {
                let (options, name) = (Self::options::<N>(shape), path.display().to_string());
                Ok(if side == Side::Creates { options.create(&name)? } else { options.open(&name)? })
            }

            fn sending<const N: usize>(self, channel: &Channel) -> Result<Sending<N, IN_PLACE>> {
                let mut tx = channel.sender()?;
                tx.set_strategy(self.0.0);
                Ok(Sending { tx, message: buffer() })
            }

            fn receiving<const N: usize>(self, channel: &Channel) -> Result<Receiving<N, IN_PLACE>> {
                let mut rx = channel.receiver()?;
                rx.set_strategy(self.0.0);
                Ok(Receiving { rx, message: buffer() })
            }
        }

        impl<const IN_PLACE: bool> Named for $name<IN_PLACE> {
            fn id(&self) -> String {
                self.0.id(stringify!($kind))
            }

            fn label(&self) -> String {
                self.0.label(stringify!($kind))
            }

            fn may_sleep(&self) -> bool {
                self.0.0 != Strategy::Spin
            }
        }

        impl<const N: usize, const IN_PLACE: bool> Peer<N> for $name<IN_PLACE> {
            type Tx = Sending<N, IN_PLACE>;
            type Rx = Receiving<N, IN_PLACE>;

            fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Sending<N, IN_PLACE>> {
                self.sending(&Self::channel::<N>(path, side, shape)?)
            }

            fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Receiving<N, IN_PLACE>> {
                self.receiving(&Self::channel::<N>(path, side, shape)?)
            }
        }

        impl<const N: usize, const IN_PLACE: bool> ThreadPeer<N> for $name<IN_PLACE> {
            type Tx = Sending<N, IN_PLACE>;
            type Rx = Receiving<N, IN_PLACE>;

            fn ends(
                &self,
                shape: Shape,
                senders: usize,
                receivers: usize,
            ) -> Result<(Vec<Sending<N, IN_PLACE>>, Vec<Receiving<N, IN_PLACE>>)> {
                let channel = Self::options::<N>(shape).private()?;
                let senders = (0..senders).map(|_| self.sending(&channel)).collect::<Result<_>>()?;
                let receivers = (0..receivers).map(|_| self.receiving(&channel)).collect::<Result<_>>()?;
                Ok((senders, receivers))
            }
        }

        pub struct Sending<const N: usize, const IN_PLACE: bool> {
            tx: Sender,
            message: Box<[u8; N]>,
        }

        impl<const N: usize, const IN_PLACE: bool> Tx<N> for Sending<N, IN_PLACE> {
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

        pub struct Receiving<const N: usize, const IN_PLACE: bool> {
            rx: Receiver,
            message: Box<[u8; N]>,
        }

        impl<const N: usize, const IN_PLACE: bool> Rx<N> for Receiving<N, IN_PLACE> {
            #[inline]
            fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
                if IN_PLACE {
                    Ok(read(whole(self.rx.recv()?.as_slice(trust()))?))
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
                for message in &batch {
                    if IN_PLACE {
                        read(whole(message.as_slice(trust()))?);
                    } else if N <= ON_STACK {
                        let mut copy = [0; N];
                        let length = message.copy_to(&mut copy)?;
                        read(whole(&copy[..length])?);
                    } else {
                        let length = message.copy_to(&mut *self.message)?;
                        read(whole(&self.message[..length])?);
                    }
                }
                Ok(batch.len())
            }
        }
    };
}

pub(super) use memlane_peer;
