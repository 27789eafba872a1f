//! One thread sending to itself through a queue, for counting instructions: `benches/instructions.sh queues`.

use anyhow::{Result, ensure};
use clap::ValueEnum;
use crossbeam_queue::ArrayQueue;
use memlane::mpmc::{Options, Receiver, Sender};
use std::hint::black_box;

/// Through which queue, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// crossbeam's, `push` and `pop`.
    ArrayQueue,
    /// memlane's `mpmc`, `send` and `recv_into`.
    Mpmc,
    /// The same in batches of 16.
    MpmcBatches,
}

/// Messages between two turns; fewer than the slots, and a multiple of the batch.
const TURN: usize = 1008;
const SLOTS: usize = 1024;
const BATCH: usize = 16;
const BYTES: usize = 48;

/// Sends and receives `messages` messages of 48 bytes, in turns. The functions to look at are called `hot_send…` and
/// `hot_receive…`.
pub fn run(way: Way, messages: usize) -> Result<()> {
    let channel = Options::new().slots(SLOTS).max_message(BYTES).private()?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    let array = ArrayQueue::new(SLOTS);
    for _ in 0..messages / TURN {
        match way {
            Way::ArrayQueue => {
                hot_send_array(&array);
                hot_receive_array(&array);
                ensure!(array.is_empty(), "not all were taken");
            }
            Way::Mpmc => {
                hot_send_one_by_one(&mut tx)?;
                hot_receive_one_by_one(&mut rx)?;
            }
            Way::MpmcBatches => {
                hot_send_batches(&mut tx)?;
                hot_receive_batches(&mut rx)?;
            }
        }
    }
    Ok(())
}

#[inline(never)]
fn hot_send_array(queue: &ArrayQueue<[u8; BYTES]>) {
    for _ in 0..TURN {
        let _ = black_box(queue.push(*black_box(&[1; BYTES])));
    }
}

#[inline(never)]
fn hot_receive_array(queue: &ArrayQueue<[u8; BYTES]>) {
    for _ in 0..TURN {
        black_box(queue.pop());
    }
}

#[inline(never)]
fn hot_send_one_by_one(tx: &mut Sender) -> Result<()> {
    for _ in 0..TURN {
        let message: &[u8; BYTES] = black_box(&[1; BYTES]); // of a length that the compiler knows, as in a program
        tx.send(message)?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_one_by_one(rx: &mut Receiver) -> Result<()> {
    let mut message = [0; BYTES];
    for _ in 0..TURN {
        rx.recv_into(&mut message)?;
        black_box(&mut message);
    }
    Ok(())
}

#[inline(never)]
fn hot_send_batches(tx: &mut Sender) -> Result<()> {
    for _ in 0..TURN / BATCH {
        tx.send_batch(black_box(&[[1; BYTES]; BATCH]))?;
    }
    Ok(())
}

#[inline(never)]
fn hot_receive_batches(rx: &mut Receiver) -> Result<()> {
    let mut message = [0; BYTES];
    for _ in 0..TURN / BATCH {
        for one in &rx.recv_batch(BATCH)? {
            one.copy_to(&mut message)?;
            black_box(&mut message);
        }
    }
    Ok(())
}
