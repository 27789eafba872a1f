//! memlane's `mpmc`, between processes and between threads, with the default strategy. Futex wake-ups are on everywhere, as
//! they always are.

use crate::contest::{Contest, Crew, End, Open, Pair, Target, Watch};
use crate::contests::sums::{self, Numbers};
use anyhow::Result;
use memlane::mpmc::{Channel, Options, Receiver, Sender};

/// Messages of 48 bytes, which fill a line with what stands in front of them.
const WORDS: usize = 6;
const BYTES: usize = 8 * WORDS;

/// One-way messages of 48 bytes through `slots` slots, by `each` senders to as many receivers; in batches of `batch`, or
/// one by one where that is 1.
pub fn one_way(between_threads: bool, slots: usize, each: usize, batch: usize, target: Option<Target>) -> Contest {
    let options = Options::new().slots(slots as u32).max_message(BYTES as u64);
    let crew = Crew { receivers: each, senders: each };
    let open = match (between_threads, each) {
        (true, 1) => Open::Threads(Box::new(move || {
            let channel = options.private()?;
            let pair: Pair = (receiving(&channel, batch)?, sending(&channel, 0, batch)?);
            Ok(pair)
        })),
        (false, 1) => {
            let created = options.clone();
            Open::Processes {
                lead: Box::new(move |path| receiving(&created.create(&path.display().to_string())?, batch)),
                partner: Box::new(move |path| sending(&options.open(&path.display().to_string())?, 0, batch)),
            }
        }
        (true, _) => Open::CrewOfThreads(
            crew,
            Box::new(move || {
                let channel = options.private()?;
                (0..crew.size()).map(|seat| taking(&channel, crew, seat, batch)).collect()
            }),
        ),
        (false, _) => Open::CrewOfProcesses(
            crew,
            Box::new(move |path, seat| {
                let channel = options.open_or_create(&path.display().to_string())?;
                taking(&channel, crew, seat, batch)
            }),
        ),
    };
    let way = if batch == 1 { "send and recv_into".to_owned() } else { format!("batches of {batch}") };
    Contest {
        id: format!(
            "memlane-mpmc-{BYTES}-{slots}-{each}-{batch}-{}",
            if between_threads { "threads" } else { "processes" }
        ),
        label: format!("memlane, {way}"),
        open,
        may_sleep: true,
        target,
    }
}

/// The end that takes this seat of a crew.
fn taking(channel: &Channel, crew: Crew, seat: usize, batch: usize) -> Result<Box<dyn End>> {
    match crew.sender(seat) {
        Some(sender) => sending(channel, sender, batch),
        None => receiving(channel, batch),
    }
}

fn sending(channel: &Channel, number: usize, batch: usize) -> Result<Box<dyn End>> {
    let (sender, numbers) = (channel.sender()?, Numbers::of(number));
    Ok(if batch == 1 {
        Box::new(Sending { sender, numbers })
    } else {
        Box::new(SendingBatches { sender, numbers, messages: vec![[0; BYTES]; batch] })
    })
}

fn receiving(channel: &Channel, batch: usize) -> Result<Box<dyn End>> {
    let receiver = channel.receiver()?;
    Ok(if batch == 1 { Box::new(Receiving { receiver }) } else { Box::new(ReceivingBatches { receiver, batch }) })
}

/// The bytes of a message that is nothing but this number.
#[inline]
fn fill(message: &mut [u8; BYTES], number: u64) {
    message.as_chunks_mut().0.fill(number.to_le_bytes());
}

#[inline]
fn take(message: &[u8; BYTES], watch: &mut Watch) {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(message.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    sums::receive(&words, watch);
}

struct Sending {
    sender: Sender,
    numbers: Numbers,
}

impl End for Sending {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut message = [0; BYTES];
        for _ in 0..operations {
            fill(&mut message, self.numbers.send(watch));
            self.sender.send(&message)?;
        }
        Ok(())
    }
}

struct SendingBatches {
    sender: Sender,
    numbers: Numbers,
    messages: Vec<[u8; BYTES]>,
}

impl End for SendingBatches {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut left = operations as usize;
        while left > 0 {
            let size = self.messages.len().min(left);
            let batch = &mut self.messages[..size];
            for message in batch.iter_mut() {
                fill(message, self.numbers.send(watch));
            }
            left -= self.sender.send_batch(&*batch)?;
        }
        Ok(())
    }
}

struct Receiving {
    receiver: Receiver,
}

impl End for Receiving {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut message = [0; BYTES];
        for _ in 0..operations {
            let length = self.receiver.recv_into(&mut message)?;
            watch.check(length == BYTES);
            take(&message, watch);
        }
        Ok(())
    }
}

struct ReceivingBatches {
    receiver: Receiver,
    batch: usize,
}

impl End for ReceivingBatches {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        let mut buffer = [0; BYTES];
        let mut left = operations as usize;
        while left > 0 {
            let batch = self.receiver.recv_batch(self.batch.min(left))?;
            left -= batch.len();
            for message in &batch {
                let length = message.copy_to(&mut buffer)?;
                watch.check(length == BYTES);
                take(&buffer, watch);
            }
        }
        Ok(())
    }
}
