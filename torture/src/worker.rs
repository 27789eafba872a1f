//! One participant, made to be killed.

use crate::payload;
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use memlane::{RecvError, SendError, Strategy, spsc};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Largest message that workers send, in bytes.
pub const MAX_MESSAGE: usize = 700;

#[derive(Args)]
pub struct Options {
    role: Role,
    channel: String,
    /// Receivers write the first and the last sequence number there.
    #[arg(long)]
    log: Option<String>,
    /// Senders stop after this many messages.
    #[arg(long, default_value_t = u64::MAX)]
    count: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Sends numbered messages, from where the last sender stopped.
    Sender,
    /// Checks and logs every message before it releases it.
    Receiver,
    /// Joins as the receiver and takes nothing.
    IdleReceiver,
    /// Joins as the sender and sends nothing.
    IdleSender,
    /// Blocks in a receive until it is killed.
    BlockedReceiver,
    /// Joins nothing and sleeps in slices of 100 ms: what the machine charges for that alone.
    Sleeper,
    /// Sends 8 bytes `--count` times, spinning.
    Pump,
    /// Receives them, spinning, until the sender has gone.
    Drain,
}

pub fn run(options: &Options) -> Result<()> {
    let channel = spsc::open(&options.channel)?;
    match options.role {
        Role::Sender => send(channel.sender()?, options.count),
        Role::Receiver => receive(channel.receiver()?, options.log.as_deref().context("--log is missing")?),
        Role::IdleReceiver => idle(channel.receiver()?),
        Role::IdleSender => idle(channel.sender()?),
        Role::BlockedReceiver => Ok(channel.receiver()?.recv().map(drop)?),
        Role::Sleeper => sleep_in_slices(),
        Role::Pump => pump(channel.sender()?, options.count),
        Role::Drain => drain(channel.receiver()?),
    }
}

fn send(mut tx: spsc::Sender, count: u64) -> Result<()> {
    let mut message = Vec::new();
    let end = tx.resumed_at().saturating_add(count);
    for sequence in tx.resumed_at()..end {
        payload::make(sequence, MAX_MESSAGE, &mut message);
        match tx.send(&message) {
            Ok(()) => {}
            Err(SendError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        }
    }
    Ok(())
}

fn receive(mut rx: spsc::Receiver, log: &str) -> Result<()> {
    let log = OpenOptions::new().write(true).create(true).truncate(true).open(log)?;
    let mut first = None;
    let mut buffer = [0; MAX_MESSAGE];
    loop {
        let message = match rx.recv() {
            Ok(message) => message,
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        };
        let length = message.copy_to(&mut buffer)?;
        let sequence = payload::check(&buffer[..length], MAX_MESSAGE)?;
        ensure!(sequence == message.sequence(), "message {sequence} came as number {}", message.sequence());
        let (start, expected) = *first.get_or_insert((sequence, sequence));
        ensure!(sequence == expected, "message {sequence} came where {expected} was due");
        first = Some((start, sequence + 1));
        // Logged before it is released: what the log covers, this receiver had.
        let mut entry = [0; 16];
        entry[..8].copy_from_slice(&start.to_le_bytes());
        entry[8..].copy_from_slice(&(sequence + 1).to_le_bytes());
        log.write_all_at(&entry, 0)?;
    }
}

fn pump(mut tx: spsc::Sender, count: u64) -> Result<()> {
    tx.set_strategy(Strategy::Spin);
    for number in 0..count {
        tx.send(&number.to_le_bytes())?;
    }
    Ok(())
}

fn drain(mut rx: spsc::Receiver) -> Result<()> {
    rx.set_strategy(Strategy::Spin);
    let mut message = [0; 8];
    let mut expected = 0u64;
    loop {
        match rx.recv_into(&mut message) {
            Ok(8) => ensure!(u64::from_le_bytes(message) == expected, "message {expected} did not come"),
            Ok(length) => bail!("a message of {length} bytes"),
            Err(RecvError::Disconnected) => return Ok(()),
            Err(error) => bail!(error),
        }
        expected += 1;
    }
}

fn sleep_in_slices() -> Result<()> {
    loop {
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn idle<T>(_seat: T) -> Result<()> {
    loop {
        std::thread::park();
    }
}

/// What a receiver logged: the first message it had, and the one after the last. `None` if it had none.
pub fn read_log(log: &str) -> Result<Option<(u64, u64)>> {
    let bytes = match std::fs::read(log) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let (first, end) = bytes.split_at(8);
    Ok(Some((u64::from_le_bytes(first.try_into()?), u64::from_le_bytes(end.try_into()?))))
}
