//! One thread sending to itself, for counting instructions: `benches/instructions.sh`.

use anyhow::Result;
use clap::ValueEnum;
use memlane::spsc::{Options, Receiver, Sender};
use std::hint::black_box;

/// What to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// `send`; what is sent is received in between, outside of `hot_send`.
    Send,
    /// `recv_into`; what is received was sent before, outside of `hot_receive`.
    Recv,
    /// `send_batch` of [`BATCH`] messages.
    SendBatch,
    /// `recv_batch` of so many, each copied out.
    RecvBatch,
}

/// Messages in a batch.
const BATCH: usize = 50;

/// Messages between two turns; fewer than a ring holds.
const TURN: u64 = 1000;

/// Sends and receives `messages` messages of 8, 56 or 1024 bytes. The functions to look at are called `hot_send` and
/// `hot_receive`; the other direction goes through functions of other names.
pub fn run(direction: Direction, messages: u64, bytes: usize) -> Result<()> {
    match bytes {
        8 => sized::<8>(direction, messages),
        56 => sized::<56>(direction, messages),
        1024 => sized::<1024>(direction, messages),
        _ => anyhow::bail!("8, 56 or 1024 bytes"),
    }
}

fn sized<const N: usize>(direction: Direction, messages: u64) -> Result<()> {
    let channel = Options::new().capacity(4 << 20).private()?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    for _ in 0..messages / TURN {
        match direction {
            Direction::Send => {
                hot_send::<N>(&mut tx)?;
                while rx.try_recv().is_ok() {}
            }
            Direction::Recv => {
                tx.send_batch([[1; N]; TURN as usize])?;
                hot_receive::<N>(&mut rx)?;
            }
            Direction::SendBatch => {
                hot_send_batches::<N>(&mut tx)?;
                while rx.try_recv().is_ok() {}
            }
            Direction::RecvBatch => {
                tx.send_batch([[1; N]; TURN as usize])?;
                hot_receive_batches::<N>(&mut rx)?;
            }
        }
    }
    Ok(())
}

#[inline(never)]
fn hot_send<const N: usize>(tx: &mut Sender) -> Result<()> {
    let message = [1; N];
    for _ in 0..TURN {
        let message: &[u8; N] = black_box(&message); // of a length that the compiler knows, as in a program
        tx.send(message)?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive<const N: usize>(rx: &mut Receiver) -> Result<()> {
    let mut message = [0; N];
    for _ in 0..TURN {
        rx.recv_into(&mut message)?;
        black_box(&mut message);
    }
    Ok(())
}

#[inline(never)]
fn hot_send_batches<const N: usize>(tx: &mut Sender) -> Result<()> {
    let message = [1; N];
    for _ in 0..TURN as usize / BATCH {
        let message: &[u8; N] = black_box(&message);
        tx.send_batch((0..BATCH).map(|_| message))?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_batches<const N: usize>(rx: &mut Receiver) -> Result<()> {
    let mut message = [0; N];
    for _ in 0..TURN as usize / BATCH {
        for received in &rx.recv_batch(BATCH)? {
            received.copy_to(&mut message)?;
            black_box(&mut message);
        }
    }
    Ok(())
}
