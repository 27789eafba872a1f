//! memlane's `mpmc`, between processes and between threads. Futex wake-ups are on everywhere, as they always are.

use crate::peer::{Named, Peer, Rx, Shape, Side, ThreadPeer, Tx, buffer, whole};
use anyhow::Result;
use memlane::mpmc::{Channel, Options, Receiver, Sender};
use memlane::{Strategy, TrustPeers};
use std::path::Path;

/// How the ends wait, and whether messages are copied in and out or written and read in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mpmc {
    strategy: Strategy,
    in_place: bool,
}

impl Mpmc {
    /// `send` and `recv_into`, which copy.
    pub fn copying(strategy: Strategy) -> Self {
        Self { strategy, in_place: false }
    }

    /// `reserve` and `recv`, and the message's bytes where they are.
    pub fn in_place(strategy: Strategy) -> Self {
        Self { strategy, in_place: true }
    }

    fn options<const N: usize>(shape: Shape) -> Options {
        Options::new().slots((shape.room / N) as u32).max_message(N as u64)
    }

    fn channel<const N: usize>(path: &Path, side: Side, shape: Shape) -> Result<Channel> {
        let (options, name) = (Self::options::<N>(shape), path.display().to_string());
        Ok(if side == Side::Creates { options.create(&name)? } else { options.open(&name)? })
    }

    fn sending<const N: usize>(self, channel: &Channel) -> Result<Sending<N>> {
        let mut tx = channel.sender()?;
        tx.set_strategy(self.strategy);
        Ok(Sending { tx, trust: self.trust(), message: buffer() })
    }

    fn receiving<const N: usize>(self, channel: &Channel) -> Result<Receiving<N>> {
        let mut rx = channel.receiver()?;
        rx.set_strategy(self.strategy);
        Ok(Receiving { rx, trust: self.trust(), message: buffer() })
    }

    fn trust(self) -> Option<TrustPeers> {
        // SAFETY: both ends are this program's, and neither touches a message that is not its own.
        self.in_place.then(|| unsafe { TrustPeers::promise() })
    }
}

impl Named for Mpmc {
    fn id(&self) -> String {
        format!("memlane-mpmc-{:?}{}", self.strategy, if self.in_place { "-in-place" } else { "" }).to_lowercase()
    }

    fn label(&self) -> String {
        let way = if self.in_place { ", in place" } else { "" };
        let strategy =
            if self.strategy == Strategy::default() { String::new() } else { format!(", {:?}", self.strategy) };
        format!("memlane mpmc{way}{strategy}")
    }

    fn may_sleep(&self) -> bool {
        self.strategy != Strategy::Spin
    }
}

impl<const N: usize> Peer<N> for Mpmc {
    type Tx = Sending<N>;
    type Rx = Receiving<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<Sending<N>> {
        self.sending(&Self::channel::<N>(path, side, shape)?)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<Receiving<N>> {
        self.receiving(&Self::channel::<N>(path, side, shape)?)
    }
}

impl<const N: usize> ThreadPeer<N> for Mpmc {
    type Tx = Sending<N>;
    type Rx = Receiving<N>;

    fn ends(&self, shape: Shape, senders: usize, receivers: usize) -> Result<(Vec<Sending<N>>, Vec<Receiving<N>>)> {
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
            None => {
                let length = self.rx.recv_into(&mut *self.message)?;
                Ok(read(whole(&self.message[..length])?))
            }
        }
    }

    #[inline]
    fn recv_batch(&mut self, max: usize, mut read: impl FnMut(&[u8; N])) -> Result<usize> {
        let batch = self.rx.recv_batch(max)?;
        for message in &batch {
            match self.trust {
                Some(trust) => read(whole(message.as_slice(trust))?),
                None => {
                    let length = message.copy_to(&mut *self.message)?;
                    read(whole(&self.message[..length])?);
                }
            }
        }
        Ok(batch.len())
    }
}
