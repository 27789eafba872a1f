//! One thread sending to itself, for counting instructions: `benches/instructions.sh`.
//!
//! What is counted are the functions called `hot_…`, of which a run goes through those of one direction; what the other direction
//! needs goes through functions of other names.

use crate::peer::Shape;
use crate::peers::memlane::{Kind, PACKED};
use anyhow::{Result, bail, ensure};
use clap::ValueEnum;
use crossbeam_queue::ArrayQueue;
use memlane::broadcast::Policy;
use memlane::generic::{Broadcast, Mpmc, Mpsc, Options, Receiver, Sender, Spsc};
use memlane::{typed, watch};
use std::hint::black_box;

/// Through what messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Through {
    /// memlane's `spsc`.
    Spsc,
    /// memlane's `spsc`, as values of a type.
    Typed,
    /// memlane's `mpmc`.
    Mpmc,
    /// crossbeam's queue.
    ArrayQueue,
    /// Ten channels of memlane's `spsc`, in turn.
    TenOfSpsc,
    /// A thousand of them.
    ThousandOfSpsc,
    /// memlane's `mpmc` with as many seats as there can be, of which nobody has the others.
    MpmcSeats,
    /// memlane's `mpsc` with two seats.
    Mpsc,
    /// memlane's `mpsc` with as many seats as there can be.
    MpscSeats,
    /// memlane's `broadcast` to one receiver.
    Broadcast,
    /// The same to eight receivers.
    BroadcastToEight,
    /// The same to eight receivers, for which the sender does not wait.
    BroadcastLossy,
    /// memlane's `watch`: its value is set, and read.
    Watch,
}

/// What to repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// `send`.
    Send,
    /// `recv_into`.
    Recv,
    /// `send_batch`.
    SendBatch,
    /// `recv_batch`, and each message copied out.
    RecvBatch,
}

/// Messages between two turns: there is room for more.
const TURN: usize = 800;
const SLOTS: usize = 1024;
/// The most seats that a channel has.
const SEATS_MAX: usize = 1024;

/// A kind whose messages are counted.
trait Hot: Kind {
    /// Messages in a batch. A turn is a multiple of it.
    const BATCH: usize;

    /// Room for a turn of messages of so many bytes.
    fn room(bytes: usize) -> usize;
}

impl Hot for Spsc {
    const BATCH: usize = 50;

    fn room(_: usize) -> usize {
        4 << 20
    }
}

impl Hot for Mpsc {
    const BATCH: usize = 50;

    fn room(_: usize) -> usize {
        1 << 16
    }
}

impl Hot for Broadcast {
    const BATCH: usize = 50;

    fn room(_: usize) -> usize {
        1 << 16
    }
}

impl Hot for Mpmc {
    const BATCH: usize = 16;

    fn room(bytes: usize) -> usize {
        SLOTS * bytes
    }
}

/// Sends and receives `messages` messages of so many bytes, in turns.
pub fn run(through: Through, direction: Direction, messages: usize, bytes: usize) -> Result<()> {
    match (through, bytes) {
        (Through::Spsc, 8) => turns::<Spsc, 8>(&options::<Spsc, 8>(), direction, messages),
        (Through::Spsc, 56) => turns::<Spsc, 56>(&options::<Spsc, 56>(), direction, messages),
        (Through::Spsc, 1024) => turns::<Spsc, 1024>(&options::<Spsc, 1024>(), direction, messages),
        (Through::Typed, 8) => turns_of_values::<8>(direction, messages),
        (Through::Typed, 56) => turns_of_values::<56>(direction, messages),
        (Through::Mpmc, 48) => turns::<Mpmc, 48>(&options::<Mpmc, 48>(), direction, messages),
        (Through::ArrayQueue, 48) => turns_of_array::<48>(messages),
        (Through::TenOfSpsc, 8) => channels_in_turn::<8>(10, direction, messages),
        (Through::ThousandOfSpsc, 8) => channels_in_turn::<8>(1000, direction, messages),
        (Through::MpmcSeats, 48) => {
            let options = options::<Mpmc, 48>().max_senders(SEATS_MAX / 2).max_receivers(SEATS_MAX / 2);
            turns::<Mpmc, 48>(&options, direction, messages)
        }
        (Through::Mpsc, 8) => turns::<Mpsc, 8>(&options::<Mpsc, 8>().max_senders(1), direction, messages),
        (Through::MpscSeats, 8) => {
            turns::<Mpsc, 8>(&options::<Mpsc, 8>().max_senders(SEATS_MAX - 1), direction, messages)
        }
        (Through::Broadcast, 8) => fan_out::<8>(1, Policy::Block, direction, messages),
        (Through::BroadcastToEight, 8) => fan_out::<8>(8, Policy::Block, direction, messages),
        (Through::BroadcastLossy, 8) => fan_out::<8>(8, Policy::Overwrite, direction, messages),
        (Through::Watch, 8) => turns_of_a_watch::<8>(direction, messages),
        (Through::Watch, 56) => turns_of_a_watch::<56>(direction, messages),
        _ => bail!("messages of {bytes} bytes through {through:?} are not counted"),
    }
}

/// Those of a channel for a turn of messages.
fn options<K: Hot, const N: usize>() -> Options<K> {
    K::options(Shape { room: K::room(N), batch: K::BATCH }, N, PACKED)
}

fn turns<K: Hot, const N: usize>(options: &Options<K>, direction: Direction, messages: usize) -> Result<()> {
    let channel = options.private()?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    for _ in 0..messages / TURN {
        match direction {
            Direction::Send => hot_send::<K, N>(&mut tx)?,
            Direction::SendBatch => hot_send_batches::<K, N>(&mut tx)?,
            Direction::Recv | Direction::RecvBatch => {
                tx.send_batch((0..TURN).map(|_| [1; N]))?;
            }
        }
        match direction {
            Direction::Recv => hot_receive::<K, N>(&mut rx)?,
            Direction::RecvBatch => hot_receive_batches::<K, N>(&mut rx)?,
            Direction::Send | Direction::SendBatch => while rx.try_recv().is_ok() {},
        }
    }
    Ok(())
}

/// To so many receivers that keep up. What one of them takes is counted.
fn fan_out<const N: usize>(receivers: usize, policy: Policy, direction: Direction, messages: usize) -> Result<()> {
    let channel = options::<Broadcast, N>().policy(policy).private()?;
    let mut tx = channel.sender()?;
    let mut receivers = (0..receivers).map(|_| channel.receiver()).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..messages / TURN {
        match direction {
            Direction::Send => hot_send::<Broadcast, N>(&mut tx)?,
            Direction::Recv => {
                tx.send_batch((0..TURN).map(|_| [1; N]))?;
                hot_receive::<Broadcast, N>(&mut receivers[0])?;
            }
            Direction::SendBatch | Direction::RecvBatch => bail!("batches to many are not counted"),
        }
        for rx in &mut receivers {
            while rx.try_recv().is_ok() {}
        }
    }
    Ok(())
}

/// Values that are sent as their bytes: they should cost what these bytes do.
fn turns_of_values<const N: usize>(direction: Direction, messages: usize) -> Result<()> {
    let channel = options::<Spsc, N>().of::<[u8; N]>().private()?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    for _ in 0..messages / TURN {
        match direction {
            Direction::Send => {
                hot_send_values(&mut tx)?;
                while rx.try_recv().is_ok() {}
            }
            Direction::Recv => {
                tx.send_batch((0..TURN).map(|_| [1; N]))?;
                hot_receive_values(&mut rx)?;
            }
            Direction::SendBatch | Direction::RecvBatch => bail!("values in batches are not counted"),
        }
    }
    Ok(())
}

#[inline(never)]
fn hot_send_values<const N: usize>(tx: &mut typed::Sender<[u8; N], Spsc>) -> Result<()> {
    let value = [1; N];
    for _ in 0..TURN {
        tx.send(black_box(&value))?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_values<const N: usize>(rx: &mut typed::Receiver<[u8; N], Spsc>) -> Result<()> {
    for _ in 0..TURN {
        black_box(&mut rx.recv()?);
    }
    Ok(())
}

/// A value is set again and again, or read again and again.
fn turns_of_a_watch<const N: usize>(direction: Direction, messages: usize) -> Result<()> {
    let channel = watch::Options::new().max_message(N).private()?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    tx.set(&[1; N])?;
    for _ in 0..messages / TURN {
        match direction {
            Direction::Send => hot_send_to_watch::<N>(&mut tx)?,
            Direction::Recv => hot_receive_from_watch::<N>(&mut rx)?,
            Direction::SendBatch | Direction::RecvBatch => bail!("a value has no batches"),
        }
    }
    Ok(())
}

#[inline(never)]
fn hot_send_to_watch<const N: usize>(tx: &mut watch::Sender) -> Result<()> {
    let value = [1; N];
    for _ in 0..TURN {
        let value: &[u8; N] = black_box(&value);
        tx.set(value)?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_from_watch<const N: usize>(rx: &mut watch::Receiver) -> Result<()> {
    let mut value = [0; N];
    for _ in 0..TURN {
        rx.get_into(&mut value)?;
        black_box(&mut value);
    }
    Ok(())
}

#[inline(never)]
fn hot_send<K: Hot, const N: usize>(tx: &mut Sender<K>) -> Result<()> {
    let message = [1; N];
    for _ in 0..TURN {
        let message: &[u8; N] = black_box(&message); // of a length that the compiler knows, as in a program
        tx.send(message)?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive<K: Hot, const N: usize>(rx: &mut Receiver<K>) -> Result<()> {
    let mut message = [0; N];
    for _ in 0..TURN {
        rx.recv_into(&mut message)?;
        black_box(&mut message);
    }
    Ok(())
}

#[inline(never)]
fn hot_send_batches<K: Hot, const N: usize>(tx: &mut Sender<K>) -> Result<()> {
    let message = [1; N];
    for _ in 0..TURN / K::BATCH {
        let message: &[u8; N] = black_box(&message);
        tx.send_batch((0..K::BATCH).map(|_| message))?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_batches<K: Hot, const N: usize>(rx: &mut Receiver<K>) -> Result<()> {
    let mut message = [0; N];
    for _ in 0..TURN / K::BATCH {
        for received in &rx.recv_batch(K::BATCH)? {
            received.copy_to(&mut message)?;
            black_box(&mut message);
        }
    }
    Ok(())
}

/// A sender and a receiver of the same channel.
type Ends = (Sender<Spsc>, Receiver<Spsc>);

/// A message through each of so many channels, again and again.
fn channels_in_turn<const N: usize>(count: usize, direction: Direction, messages: usize) -> Result<()> {
    let open = || -> Result<Ends> {
        let channel = Options::<Spsc>::new().capacity(1 << 16).private()?;
        Ok((channel.sender()?, channel.receiver()?))
    };
    let mut channels = (0..count).map(|_| open()).collect::<Result<Vec<_>>>()?;
    for _ in 0..messages / count {
        match direction {
            Direction::Send => hot_send_in_turn::<N>(&mut channels)?,
            _ => channels.iter_mut().try_for_each(|(tx, _)| tx.send(&[1; N]))?,
        }
        match direction {
            Direction::Recv => hot_receive_in_turn::<N>(&mut channels)?,
            _ => channels.iter_mut().for_each(|(_, rx)| while rx.try_recv().is_ok() {}),
        }
    }
    Ok(())
}

#[inline(never)]
fn hot_send_in_turn<const N: usize>(channels: &mut [Ends]) -> Result<()> {
    let message = [1; N];
    for (tx, _) in channels {
        let message: &[u8; N] = black_box(&message);
        tx.send(message)?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_in_turn<const N: usize>(channels: &mut [Ends]) -> Result<()> {
    let mut message = [0; N];
    for (_, rx) in channels {
        rx.recv_into(&mut message)?;
        black_box(&mut message);
    }
    Ok(())
}

/// In each turn both directions, for both are counted by their own names.
fn turns_of_array<const N: usize>(messages: usize) -> Result<()> {
    let queue = ArrayQueue::new(SLOTS);
    for _ in 0..messages / TURN {
        hot_send_to_array::<N>(&queue);
        hot_receive_from_array(&queue);
        ensure!(queue.is_empty(), "not all were taken");
    }
    Ok(())
}

#[inline(never)]
fn hot_send_to_array<const N: usize>(queue: &ArrayQueue<[u8; N]>) {
    for _ in 0..TURN {
        let _ = black_box(queue.push(*black_box(&[1; N])));
    }
}

#[inline(never)]
fn hot_receive_from_array<const N: usize>(queue: &ArrayQueue<[u8; N]>) {
    for _ in 0..TURN {
        black_box(queue.pop());
    }
}
