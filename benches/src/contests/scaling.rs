//! The tables of numbers that grow: participants, channels, and seats that nobody has.

use crate::contest::{Contest, Crew, Family, Plot, Position, Work};
use crate::peer::Shape;
use crate::peers::array_queue::Crossbeam;
use crate::peers::memlane::{Mpmc, Mpsc};
use crate::place::Place;
use crate::shapes::{alone, many_threads};
use anyhow::Result;
use memlane::Strategy;
use memlane::generic::{self, Channel, ChannelKind, Options, Receiver, Sender};

/// Slots of the queues of many participants.
const SLOTS: usize = 1024;

/// The most seats that a channel has.
const SEATS_MAX: usize = 1024;

/// Everything about what grows.
pub fn families() -> Vec<Family> {
    let crews = [(8, 1), (1, 8), (8, 8), (32, 32)];
    let mut families: Vec<Family> = crews.map(|(senders, receivers)| participants(senders, receivers)).into();
    families.push(channels::<generic::Spsc>("spsc", || Options::<generic::Spsc>::new().capacity(1 << 16)));
    families.push(channels::<generic::Mpmc>("mpmc", || Options::<generic::Mpmc>::new().slots(64).max_message(48)));
    families.extend(seats::<generic::Mpmc>("mpmc", |seats| {
        Options::<generic::Mpmc>::new().max_message(48).max_senders(seats / 2).max_receivers(seats / 2)
    }));
    families.extend(seats::<generic::Mpsc>("mpsc", |seats| {
        Options::<generic::Mpsc>::new().capacity(4096).max_senders(seats - 1)
    }));
    families
}

/// Threads that share two cores, by CPU time a message: a queue, and lanes where they have one receiver.
fn participants(senders: usize, receivers: usize) -> Family {
    let crew = Crew::sharing(senders, receivers);
    let of = |batch| Shape { room: 48 * SLOTS, batch };
    let queue = Mpmc::copying(Strategy::Adaptive);
    let mut contests = vec![
        many_threads::<48, _>(Crossbeam, of(1), crew, None),
        many_threads::<48, _>(queue, of(1), crew, None),
        many_threads::<48, _>(queue, of(16), crew, None),
    ];
    if receivers == 1 {
        let lanes = Mpsc::copying(Strategy::Adaptive);
        contests.extend([1, 16].map(|batch| many_threads::<48, _>(lanes, of(batch), crew, None)));
    }
    let position = Position { plot: Plot::Participants { slots: SLOTS }, at: senders };
    Family {
        title: format!("mpmc, 48 bytes, {SLOTS} slots, {senders} to {receivers}"),
        work: Work::Messages { bytes: 48 },
        position: (senders == receivers).then_some(position),
        contests,
    }
}

/// One thread that sends a message through a channel and receives it, then through the next channel: one, a hundred, a thousand.
fn channels<K: ChannelKind>(kind: &'static str, options: fn() -> Options<K>) -> Family {
    let of = |count: usize| {
        let (id, label) = (format!("channels-{kind}-{count}"), format!("memlane {kind}, channels in turn: {count}"));
        alone(&id, &label, move || {
            let mut ends = (0..count).map(|_| both_ends(&options().private()?)).collect::<Result<Vec<_>>>()?;
            let mut next = 0;
            Ok(move || {
                pass_on(&mut ends[next])?;
                next += 1;
                if next == count {
                    next = 0;
                }
                Ok(())
            })
        })
    };
    job(format!("Channels of one process, {kind}: 8 bytes sent and received"), "message", [1, 100, 1000].map(of))
}

/// What one does in a channel with two seats and in one with as many as there can be, of which nobody has the others.
fn seats<K: ChannelKind>(kind: &'static str, options: fn(usize) -> Options<K>) -> [Family; 2] {
    let message = |seats| {
        alone(&format!("seats-{kind}-{seats}"), &format!("memlane {kind}, seats: {seats}"), move || {
            let mut ends = both_ends(&options(seats).private()?)?;
            Ok(move || pass_on(&mut ends))
        })
    };
    let join = |seats| {
        alone(&format!("joining-{kind}-{seats}"), &format!("memlane {kind}, a sender, seats: {seats}"), move || {
            let place = Place::new()?;
            let channel = options(seats).create(&place.path().join("channel").display().to_string())?;
            // The first participant of a process brings along what watches over all of them.
            let receiver = channel.receiver()?;
            Ok(move || {
                let _ = (&place, &receiver);
                drop(channel.sender()?);
                Ok(())
            })
        })
    };
    [
        job(format!("Seats of {kind}: 8 bytes sent and received"), "message", [2, SEATS_MAX].map(message)),
        job(format!("Seats of {kind}: joining and leaving"), "join", [2, SEATS_MAX].map(join)),
    ]
}

/// A sender and a receiver of the same channel.
type Ends<K> = (Sender<K>, Receiver<K>);

fn both_ends<K: ChannelKind>(channel: &Channel<K>) -> Result<Ends<K>> {
    Ok((channel.sender()?, channel.receiver()?))
}

/// Sends 8 bytes and receives them.
#[inline]
fn pass_on<K: ChannelKind>((tx, rx): &mut Ends<K>) -> Result<()> {
    let mut message = [1; 8];
    tx.send(&message)?;
    rx.recv_into(&mut message)?;
    Ok(())
}

fn job<const N: usize>(title: String, item: &'static str, contests: [Contest; N]) -> Family {
    Family { title, work: Work::Job { item, unit: 1 }, position: None, contests: contests.into() }
}
