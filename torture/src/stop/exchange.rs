//! An exchange of messages between two senders and two receivers: what others do while somebody stands still, for times to be
//! compared.

use crate::steps::others::PATIENCE;
use crate::subject::{ChannelOf, ReceiverOf, Subject};
use anyhow::{Context, Result, anyhow, ensure};
use memlane::generic::{ChannelKind, Sender};
use std::time::{Duration, Instant};

/// Senders, and receivers, of an exchange.
const PAIRS: u64 = 2;

/// Two senders and two receivers, threads of this process, exchange so many messages. How long it takes.
pub fn exchange<K: Subject>(channel: &ChannelOf<K>, messages: u64) -> Result<Duration> {
    let share = messages / PAIRS;
    let senders = (0..PAIRS).map(|_| channel.sender()).collect::<Result<Vec<_>, _>>()?;
    let receivers = (0..PAIRS).map(|_| channel.receiver()).collect::<Result<Vec<_>, _>>()?;
    let mut last = channel.sender()?;
    let started = Instant::now();
    let sending = senders.into_iter().zip(0..).map(|(tx, id)| std::thread::spawn(move || stream(tx, id, share)));
    let sending: Vec<_> = sending.collect();
    let receiving: Vec<_> = receivers.into_iter().map(|rx| std::thread::spawn(move || count::<K>(rx))).collect();
    for thread in sending {
        // When all have sent everything, one message for each receiver says so.
        thread.join().map_err(|_| anyhow!("a sender panicked"))??;
    }
    receiving.iter().try_for_each(|_| last.send_timeout(&[], PATIENCE))?;
    let mut got = [Came::default(); PAIRS as usize];
    for thread in receiving {
        let part = thread.join().map_err(|_| anyhow!("a receiver panicked"))??;
        got.iter_mut()
            .zip(part)
            .for_each(|(got, part)| (got.count, got.sum) = (got.count + part.count, got.sum + part.sum));
    }
    let elapsed = started.elapsed();
    let all = Came { count: share, sum: share * (share + 1) / 2, latest: 0 };
    ensure!(got == [all; PAIRS as usize], "of {all:?} from each sender came {got:?}");
    Ok(elapsed)
}

fn stream(mut tx: Sender<impl ChannelKind>, sender: u64, count: u64) -> Result<()> {
    for number in 1..=count {
        let mut message = [0; 16];
        message[..8].copy_from_slice(&sender.to_le_bytes());
        message[8..].copy_from_slice(&number.to_le_bytes());
        tx.send_timeout(&message, PATIENCE).context("a sender makes no progress")?;
    }
    Ok(())
}

/// What came from one sender: numbers from 1, each once if count and sum are right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Came {
    count: u64,
    sum: u64,
    latest: u64,
}

/// Receives until an empty message comes.
fn count<K: Subject>(mut rx: ReceiverOf<K>) -> Result<[Came; PAIRS as usize]> {
    let mut came = [Came::default(); PAIRS as usize];
    loop {
        let message = rx.recv_timeout(PATIENCE).context("a receiver makes no progress")?;
        let mut bytes = [0; 16];
        if message.copy_to(&mut bytes)? == 0 {
            return Ok(came);
        }
        let from = &mut came[u64::from_le_bytes(bytes[..8].try_into()?) as usize];
        let number = u64::from_le_bytes(bytes[8..].try_into()?);
        ensure!(!K::is_marked(&message) && number > from.latest, "{number} came behind {}", from.latest);
        *from = Came { count: from.count + 1, sum: from.sum + number, latest: number };
    }
}
