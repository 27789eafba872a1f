//! memlane's `mpmc`, between processes and between threads. Futex wake-ups are on everywhere, as they always are.

use crate::contest::{Contest, End, Open, Pair, Target, Watch};
use crate::contests::sums::{Count, run_in_threads};
use anyhow::Result;
use memlane::mpmc::{Channel, Options, Receiver, Sender};
use std::ops::Range;

/// One-way messages of `N` bytes through `slots` slots, by `each` senders to as many receivers; in batches of `batch`, or
/// one by one where that is 1.
pub fn one_way<const N: usize>(
    between_threads: bool,
    slots: usize,
    each: usize,
    batch: usize,
    target: Option<Target>,
) -> Contest {
    let options = Options::new().slots(slots as u32).max_message(N as u64);
    let open = if between_threads {
        Open::Threads(Box::new(move || {
            let channel = options.private()?;
            let pair: Pair = (receiving::<N>(&channel, each, batch)?, sending::<N>(&channel, each, batch)?);
            Ok(pair)
        }))
    } else {
        let created = options.clone();
        Open::Processes {
            lead: Box::new(move |path| receiving::<N>(&created.create(&path.display().to_string())?, each, batch)),
            partner: Box::new(move |path| sending::<N>(&options.open(&path.display().to_string())?, each, batch)),
        }
    };
    let way = if batch == 1 { "send and recv_into".to_owned() } else { format!("batches of {batch}") };
    Contest {
        id: format!(
            "memlane-mpmc-{N}-{slots}-{each}-{batch}-{}",
            if between_threads { "threads" } else { "processes" }
        ),
        label: format!("memlane, {way}"),
        open,
        may_sleep: true,
        target,
    }
}

fn sending<const N: usize>(channel: &Channel, each: usize, batch: usize) -> Result<Box<dyn End>> {
    let senders = (0..each).map(|_| channel.sender()).collect::<Result<_, _>>()?;
    Ok(Box::new(Sending::<N> { senders, batch, number: 0 }))
}

fn receiving<const N: usize>(channel: &Channel, each: usize, batch: usize) -> Result<Box<dyn End>> {
    let receivers = (0..each).map(|_| channel.receiver()).collect::<Result<_, _>>()?;
    Ok(Box::new(Receiving::<N> { receivers, batch, number: 0 }))
}

struct Sending<const N: usize> {
    senders: Vec<Sender>,
    batch: usize,
    number: u64,
}

impl<const N: usize> End for Sending<N> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        let batch = self.batch;
        let mut count = Count::new(&mut self.number, operations);
        run_in_threads(self.senders.iter_mut().collect(), &count, |sender, numbers| send::<N>(sender, numbers, batch))?;
        count.done();
        Ok(())
    }
}

fn send<const N: usize>(sender: &mut Sender, mut numbers: Range<u64>, batch: usize) -> Result<u64> {
    let mut message = [0; N];
    if batch == 1 {
        for number in numbers {
            message[N - 8..].copy_from_slice(&number.to_le_bytes());
            sender.send(&message)?;
        }
        return Ok(0);
    }
    let mut messages = vec![message; batch];
    while !numbers.is_empty() {
        let mut size = 0;
        for (message, number) in messages.iter_mut().zip(&mut numbers) {
            message[N - 8..].copy_from_slice(&number.to_le_bytes());
            size += 1;
        }
        sender.send_batch(&messages[..size])?;
    }
    Ok(0)
}

struct Receiving<const N: usize> {
    receivers: Vec<Receiver>,
    batch: usize,
    number: u64,
}

impl<const N: usize> End for Receiving<N> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let batch = self.batch;
        let mut count = Count::new(&mut self.number, operations);
        let sum = run_in_threads(self.receivers.iter_mut().collect(), &count, |receiver, numbers| {
            receive::<N>(receiver, numbers.end - numbers.start, batch)
        })?;
        watch.check(sum == count.expected());
        count.done();
        Ok(())
    }
}

fn receive<const N: usize>(receiver: &mut Receiver, mut left: u64, batch: usize) -> Result<u64> {
    let mut message = [0; N];
    let mut sum = 0u64;
    let mut add = |message: &[u8; N]| {
        let last = std::hint::black_box(message).last_chunk().expect("at least 8 bytes");
        sum = sum.wrapping_add(u64::from_le_bytes(*last));
    };
    while left > 0 {
        if batch == 1 {
            receiver.recv_into(&mut message)?;
            add(&message);
            left -= 1;
            continue;
        }
        let taken = receiver.recv_batch(batch.min(left as usize))?;
        left -= taken.len() as u64;
        for one in &taken {
            one.copy_to(&mut message)?;
            add(&message);
        }
    }
    Ok(sum)
}
