//! memlane's `mpmc`: as many slots as messages have room.

use super::memlane::{Kind, Memlane, Receiver, Sender, trust};
use crate::peer::{Shape, Side};
use anyhow::Result;
use memlane::Strategy;
use memlane::mpmc::{self, Channel, Options};

/// memlane's `mpmc`.
pub type Mpmc<const IN_PLACE: bool> = Memlane<Queue, IN_PLACE>;

/// Many senders, many receivers, and slots between them.
#[derive(Debug, Clone, Copy)]
pub struct Queue;

impl Kind for Queue {
    const NAME: &'static str = "mpmc";
    type Channel = Channel;
    type Sender = mpmc::Sender;
    type Receiver = mpmc::Receiver;

    fn channel(place: Option<(&str, Side)>, shape: Shape, bytes: usize) -> Result<Channel> {
        let options = Options::new().slots((shape.room / bytes) as u32).max_message(bytes as u64);
        Ok(match place {
            None => options.private()?,
            Some((name, Side::Creates)) => options.create(name)?,
            Some((name, Side::Opens)) => options.open(name)?,
        })
    }

    fn sender(channel: &Channel) -> Result<mpmc::Sender> {
        Ok(channel.sender()?)
    }

    fn receiver(channel: &Channel) -> Result<mpmc::Receiver> {
        Ok(channel.receiver()?)
    }
}

impl Sender for mpmc::Sender {
    fn set_strategy(&mut self, strategy: Strategy) {
        self.set_strategy(strategy);
    }

    #[inline(always)]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        Ok(self.send(message)?)
    }

    #[inline(always)]
    fn send_batch<M: AsRef<[u8]>>(&mut self, messages: impl Iterator<Item = M>) -> Result<()> {
        self.send_batch(messages)?;
        Ok(())
    }

    #[inline(always)]
    fn send_in_place(&mut self, length: usize, write: impl FnOnce(&mut [u8]) -> Result<()>) -> Result<()> {
        let mut grant = self.reserve(length)?;
        write(grant.as_mut_slice(trust()))?;
        Ok(grant.commit(length)?)
    }
}

impl Receiver for mpmc::Receiver {
    fn set_strategy(&mut self, strategy: Strategy) {
        self.set_strategy(strategy);
    }

    #[inline(always)]
    fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize> {
        Ok(self.recv_into(buffer)?)
    }

    #[inline(always)]
    fn recv_in_place<R>(&mut self, read: impl FnOnce(&[u8]) -> Result<R>) -> Result<R> {
        read(self.recv()?.as_slice(trust()))
    }

    #[inline(always)]
    fn recv_batch_into(
        &mut self,
        max: usize,
        buffer: &mut [u8],
        mut read: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<usize> {
        let batch = self.recv_batch(max)?;
        for message in &batch {
            let length = message.copy_to(buffer)?;
            read(&buffer[..length])?;
        }
        Ok(batch.len())
    }

    #[inline(always)]
    fn recv_batch_in_place(&mut self, max: usize, mut read: impl FnMut(&[u8]) -> Result<()>) -> Result<usize> {
        let batch = self.recv_batch(max)?;
        for message in &batch {
            read(message.as_slice(trust()))?;
        }
        Ok(batch.len())
    }
}
