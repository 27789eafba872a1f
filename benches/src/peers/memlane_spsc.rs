//! memlane's `spsc`: a ring of so many bytes.

use super::memlane::{Kind, Memlane, Receiver, Sender, trust};
use crate::peer::{Shape, Side};
use anyhow::Result;
use memlane::Strategy;
use memlane::spsc::{self, Channel, Options};

/// memlane's `spsc`.
pub type Spsc<const IN_PLACE: bool> = Memlane<Ring, IN_PLACE>;

/// One sender, one receiver, and a ring between them.
#[derive(Debug, Clone, Copy)]
pub struct Ring;

impl Kind for Ring {
    const NAME: &'static str = "spsc";
    type Channel = Channel;
    type Sender = spsc::Sender;
    type Receiver = spsc::Receiver;

    fn channel(place: Option<(&str, Side)>, shape: Shape, _bytes: usize) -> Result<Channel> {
        let options = Options::new().capacity(shape.room as u64);
        Ok(match place {
            None => options.private()?,
            Some((name, Side::Creates)) => options.create(name)?,
            Some((name, Side::Opens)) => options.open(name)?,
        })
    }

    fn sender(channel: &Channel) -> Result<spsc::Sender> {
        Ok(channel.sender()?)
    }

    fn receiver(channel: &Channel) -> Result<spsc::Receiver> {
        Ok(channel.receiver()?)
    }
}

impl Sender for spsc::Sender {
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

impl Receiver for spsc::Receiver {
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
