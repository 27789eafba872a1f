//! memlane, whatever the kind of channel, between processes and between threads. Futex wake-ups are on everywhere, as they
//! always are. Its ends wait as their strategy says; when one dies, the other goes on by itself after a slice.

use memlane::{Strategy, TrustPeers};

/// A program keeps messages of up to so many bytes in local variables.
pub(super) const ON_STACK: usize = 256;

/// How the ends wait, and whether messages are copied in and out or written and read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) strategy: Strategy,
    pub(super) in_place: bool,
}

impl Way {
    pub(super) fn id(self, kind: &str) -> String {
        format!("memlane-{kind}-{:?}{}", self.strategy, if self.in_place { "-in-place" } else { "" }).to_lowercase()
    }

    pub(super) fn label(self, kind: &str) -> String {
        let way = if self.in_place { ", in place" } else { "" };
        let strategy =
            if self.strategy == Strategy::default() { String::new() } else { format!(", {:?}", self.strategy) };
        format!("memlane {kind}{way}{strategy}")
    }

    pub(super) fn trust(self) -> Option<TrustPeers> {
        // SAFETY: both ends are this program's, and neither touches a message that is not its own.
        self.in_place.then(|| unsafe { TrustPeers::promise() })
    }
}

/// `memlane_peer!(Name, kind, options)`: the peer of this name, by memlane's channels of this kind, with the options that
/// the function makes of a shape and the length of a message.
macro_rules! memlane_peer {
    ($name:ident, $kind:ident, $options:expr) => {
        use crate::peer::{Named, Peer, Rx, Shape, Side, ThreadPeer, Tx, buffer, whole};
        use crate::peers::memlane::{ON_STACK, Way};
        use anyhow::Result;
        use memlane::$kind::{Channel, Options, Receiver, Sender};
        use memlane::{Strategy, TrustPeers};
        use std::path::Path;

        #[doc = concat!("memlane's `", stringify!($kind), "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(Way);

        impl $name {
            /// `send` and `recv_into`, which copy.
            pub fn copying(strategy: Strategy) -> Self {
                Self(Way { strategy, in_place: false })
            }

            /// `reserve` and `recv`, and the message's bytes where they are.
            pub fn in_place(strategy: Strategy) -> Self {
                Self(Way { strategy, in_place: true })
            }

            fn options<const N: usize>(shape: Shape) -> Options {
                let options: fn(Shape, usize) -> Options = $options;
                options(shape, N)
            }

            fn channel<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<Channel> {
                let (options, name) = (Self::options::<N>(shape), path.display().to_string());
                Ok(if side == Side::Creates { options.create(&name)? } else { options.open(&name)? })
            }

            fn sending<const N: usize>(self, channel: &Channel) -> Result<Sending<N>> {
                let mut tx = channel.sender()?;
                tx.set_strategy(self.0.strategy);
                Ok(Sending { tx, trust: self.0.trust(), message: buffer() })
            }

            fn receiving<const N: usize>(self, channel: &Channel) -> Result<Receiving<N>> {
                let mut rx = channel.receiver()?;
                rx.set_strategy(self.0.strategy);
                Ok(Receiving { rx, trust: self.0.trust(), message: buffer() })
            }
        }

        impl Named for $name {
            fn id(&self) -> String {
                self.0.id(stringify!($kind))
            }

            fn label(&self) -> String {
                self.0.label(stringify!($kind))
            }

            fn may_sleep(&self) -> bool {
                self.0.strategy != Strategy::Spin
            }
        }

        impl<const N: usize> Peer<N> for $name {
            type Tx = Sending<N>;
            type Rx = Receiving<N>;

            fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Sending<N>> {
                self.sending(&Self::channel::<N>(path, side, shape)?)
            }

            fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Receiving<N>> {
                self.receiving(&Self::channel::<N>(path, side, shape)?)
            }
        }

        impl<const N: usize> ThreadPeer<N> for $name {
            type Tx = Sending<N>;
            type Rx = Receiving<N>;

            fn ends(
                &self,
                shape: Shape,
                senders: usize,
                receivers: usize,
            ) -> Result<(Vec<Sending<N>>, Vec<Receiving<N>>)> {
                let channel = Self::options::<N>(shape).private()?;
                let senders = (0..senders).map(|_| self.sending(&channel)).collect::<Result<_>>()?;
                let receivers = (0..receivers).map(|_| self.receiving(&channel)).collect::<Result<_>>()?;
                Ok((senders, receivers))
            }
        }

        pub struct Sending<const N: usize> {
            tx: Sender,
            trust: Option<TrustPeers>,
            message: Box<[u8; N]>,
        }

        impl<const N: usize> Tx<N> for Sending<N> {
            #[inline]
            fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
                match self.trust {
                    Some(trust) => {
                        let mut grant = self.tx.reserve(N)?;
                        write(grant.as_mut_slice(trust).try_into()?);
                        grant.commit(N)?;
                    }
                    None if N <= ON_STACK => {
                        let mut message = [0; N];
                        write(&mut message);
                        self.tx.send(&message)?;
                    }
                    None => {
                        write(&mut self.message);
                        self.tx.send(&*self.message)?;
                    }
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

        pub struct Receiving<const N: usize> {
            rx: Receiver,
            trust: Option<TrustPeers>,
            message: Box<[u8; N]>,
        }

        impl<const N: usize> Rx<N> for Receiving<N> {
            #[inline]
            fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
                match self.trust {
                    Some(trust) => Ok(read(whole(self.rx.recv()?.as_slice(trust))?)),
                    None if N <= ON_STACK => {
                        let mut message = [0; N];
                        let length = self.rx.recv_into(&mut message)?;
                        Ok(read(whole(&message[..length])?))
                    }
                    None => {
                        let length = self.rx.recv_into(&mut *self.message)?;
                        Ok(read(whole(&self.message[..length])?))
                    }
                }
            }

            #[inline]
            fn recv_batch(&mut self, max: usize, mut read: impl FnMut(&[u8; N])) -> Result<usize> {
                let batch = self.rx.recv_batch(max)?;
                match self.trust {
                    Some(trust) => {
                        for message in &batch {
                            read(whole(message.as_slice(trust))?);
                        }
                    }
                    None if N <= ON_STACK => {
                        for message in &batch {
                            let mut copy = [0; N];
                            let length = message.copy_to(&mut copy)?;
                            read(whole(&copy[..length])?);
                        }
                    }
                    None => {
                        for message in &batch {
                            let length = message.copy_to(&mut *self.message)?;
                            read(whole(&self.message[..length])?);
                        }
                    }
                }
                Ok(batch.len())
            }
        }
    };
}

pub(super) use memlane_peer;
