//! Two processes each produce a sorted stream of keys, and a third one merges them: work that one thread does alone, divided
//! among three. The job is done over and over, in passes of the same keys, so that the checksum of each is known.

use super::alone::one_thread;
use super::pace::pace;
use crate::contest::{Contest, Crew, End, Open, Target, Watch};
use crate::peer::{Peer, Rx, Shape, Side, Tx};
use crate::units::binary;
use anyhow::Result;
use std::hint::select_unpredictable;
use std::sync::OnceLock;

/// Keys of one stream in a pass.
const STREAM: u64 = 1 << 16;

/// Keys of both streams in a pass.
pub const PASS: u64 = 2 * STREAM;

/// The merger is alone on the first core, the producers share the second.
const CREW: Crew = Crew::sharing(2, 1);

/// A key, as a message carries it.
type Message = [u8; 16];

/// Ascending keys, in one pass after the other.
trait Stream {
    /// The next key of the pass; `None` once at its end.
    fn next(&mut self) -> Result<Option<u128>>;
}

/// Produces the keys of a stream: each is the last one and a random step.
struct Producer {
    stream: u64,
    key: u128,
    random: u64,
    left: u64,
}

impl Producer {
    fn of(stream: u64) -> Self {
        let mut producer = Self { stream, key: 0, random: 0, left: 0 };
        producer.start_over();
        producer
    }

    fn start_over(&mut self) {
        self.key = 0;
        self.random = 0x9e37_79b9_7f4a_7c15 ^ (self.stream << 32);
        self.left = STREAM;
    }

    #[inline]
    fn step(&mut self) -> u128 {
        // Marsaglia's xorshift.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.key += u128::from(self.random);
        self.key
    }
}

impl Stream for Producer {
    #[inline]
    fn next(&mut self) -> Result<Option<u128>> {
        let Some(left) = self.left.checked_sub(1) else {
            self.start_over();
            return Ok(None);
        };
        self.left = left;
        Ok(Some(self.step()))
    }
}

/// Receives the keys of a stream one by one.
struct Received<R> {
    rx: R,
    left: u64,
}

impl<R: Rx<16>> Received<R> {
    fn new(rx: R) -> Self {
        Self { rx, left: STREAM }
    }
}

impl<R: Rx<16>> Stream for Received<R> {
    #[inline]
    fn next(&mut self) -> Result<Option<u128>> {
        let Some(left) = self.left.checked_sub(1) else {
            self.left = STREAM;
            return Ok(None);
        };
        self.left = left;
        Ok(Some(self.rx.recv(|message| u128::from_le_bytes(*message))?))
    }
}

/// Receives the keys of a stream a batch at a time.
struct ReceivedRuns<R> {
    rx: R,
    batch: usize,
    keys: Vec<u128>,
    left: u64,
}

impl<R: Rx<16>> ReceivedRuns<R> {
    fn new(rx: R, batch: usize) -> Self {
        Self { rx, batch, keys: Vec::with_capacity(batch), left: STREAM }
    }

    /// Receives the next keys of the pass. Whether there were any: not at its end.
    fn refill(&mut self) -> Result<bool> {
        self.keys.clear();
        if self.left == 0 {
            self.left = STREAM;
            return Ok(false);
        }
        // A batch never reaches into the next pass.
        let max = (self.batch as u64).min(self.left) as usize;
        let keys = &mut self.keys;
        self.rx.recv_batch(max, |message: &Message| keys.push(u128::from_le_bytes(*message)))?;
        self.left -= self.keys.len() as u64;
        Ok(true)
    }
}

/// Of keys in their order: any other order has another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Checksum(u64);

impl Checksum {
    #[inline]
    fn add(&mut self, key: u128) {
        self.0 = (self.0.rotate_left(7) ^ key as u64).wrapping_add((key >> 64) as u64);
    }
}

/// One pass of a two-way merge.
fn merge_pass(left: &mut impl Stream, right: &mut impl Stream) -> Result<Checksum> {
    let mut checksum = Checksum::default();
    let (mut first, mut second) = (left.next()?, right.next()?);
    while let (Some(one), Some(other)) = (first, second) {
        if one <= other {
            checksum.add(one);
            first = left.next()?;
        } else {
            checksum.add(other);
            second = right.next()?;
        }
    }
    while let Some(rest) = first {
        checksum.add(rest);
        first = left.next()?;
    }
    while let Some(rest) = second {
        checksum.add(rest);
        second = right.next()?;
    }
    Ok(checksum)
}

/// The same where keys come in runs.
fn merge_runs_pass<L: Rx<16>, R: Rx<16>>(left: &mut ReceivedRuns<L>, right: &mut ReceivedRuns<R>) -> Result<Checksum> {
    let mut checksum = Checksum::default();
    let (mut at_left, mut at_right) = (0, 0);
    let (mut more_left, mut more_right) = (left.refill()?, right.refill()?);
    while more_left && more_right {
        let (ones, others) = (&left.keys[..], &right.keys[..]);
        while let (Some(&one), Some(&other)) = (ones.get(at_left), others.get(at_right)) {
            // As likely as not: a branch would be mispredicted every second time.
            let is_left = one <= other;
            checksum.add(select_unpredictable(is_left, one, other));
            at_left += usize::from(is_left);
            at_right += usize::from(!is_left);
        }
        if at_left == ones.len() {
            (more_left, at_left) = (left.refill()?, 0);
        }
        if at_right == others.len() {
            (more_right, at_right) = (right.refill()?, 0);
        }
    }
    while more_left {
        left.keys[at_left..].iter().for_each(|&rest| checksum.add(rest));
        (more_left, at_left) = (left.refill()?, 0);
    }
    while more_right {
        right.keys[at_right..].iter().for_each(|&rest| checksum.add(rest));
        (more_right, at_right) = (right.refill()?, 0);
    }
    Ok(checksum)
}

/// What a pass has to yield, by way of a sort.
fn expected() -> Checksum {
    static EXPECTED: OnceLock<Checksum> = OnceLock::new();
    *EXPECTED.get_or_init(|| {
        let mut keys: Vec<u128> = [0, 1]
            .into_iter()
            .flat_map(|stream| {
                let mut producer = Producer::of(stream);
                (0..STREAM).map(move |_| producer.step())
            })
            .collect();
        keys.sort_unstable();
        let mut checksum = Checksum::default();
        keys.into_iter().for_each(|key| checksum.add(key));
        checksum
    })
}

/// The end that merges, by a function that does one pass.
struct Merging<F> {
    pass: F,
    expected: Checksum,
}

impl<F: FnMut() -> Result<Checksum>> Merging<F> {
    fn new(pass: F) -> Self {
        Self { pass, expected: expected() }
    }
}

impl<F: FnMut() -> Result<Checksum>> End for Merging<F> {
    fn run(&mut self, operations: u64, watch: &mut Watch) -> Result<()> {
        for _ in 0..operations / PASS {
            watch.check((self.pass)()? == self.expected);
        }
        Ok(())
    }
}

/// Merges the keys of two producers, made on the spot.
fn merging_alone(streams: [u64; 2]) -> impl End {
    let [mut left, mut right] = streams.map(Producer::of);
    Merging::new(move || merge_pass(&mut left, &mut right))
}

/// Merges what these receive, one by one or in batches.
fn merging<R: Rx<16> + 'static>([left, right]: [R; 2], batch: usize) -> Box<dyn End> {
    if batch == 1 {
        let [mut left, mut right] = [left, right].map(Received::new);
        Box::new(Merging::new(move || merge_pass(&mut left, &mut right)))
    } else {
        let [mut left, mut right] = [left, right].map(|rx| ReceivedRuns::new(rx, batch));
        Box::new(Merging::new(move || merge_runs_pass(&mut left, &mut right)))
    }
}

/// The end that sends a stream.
struct Sending<T> {
    tx: T,
    producer: Producer,
    batch: usize,
}

impl<T: Tx<16>> End for Sending<T> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        for _ in 0..operations / STREAM {
            self.producer.start_over();
            let mut left = STREAM as usize;
            while left > 0 {
                let size = self.batch.min(left);
                let producer = &mut self.producer;
                let write = |message: &mut Message| *message = producer.step().to_le_bytes();
                if size == 1 {
                    self.tx.send(write)?
                } else {
                    self.tx.send_batch(size, write)?
                }
                left -= size;
            }
        }
        Ok(())
    }
}

/// One thread that produces both streams and merges them.
pub fn merge_alone() -> Contest {
    one_thread("merge-alone", "all of it in one thread", || Ok(Box::new(merging_alone([0, 1]))))
}

/// Two producers and a merger, three processes with a channel from each producer.
pub fn merge<P: Peer<16>>(peer: P, shape: Shape, target: Option<Target>) -> Contest {
    let (id, label, may_sleep) = (peer.id(), peer.label(), peer.may_sleep());
    let open = Open::CrewOfProcesses(
        CREW,
        Box::new(move |path, seat| {
            let channels = ["left", "right"].map(|name| path.with_extension(name));
            Ok(match CREW.sender(seat) {
                Some(sender) => {
                    let tx = peer.tx(&channels[sender], Side::Opens, shape)?;
                    Box::new(Sending { tx, producer: Producer::of(sender as u64), batch: shape.batch })
                }
                None => {
                    let [left, right] = channels.map(|channel| peer.rx(&channel, Side::Creates, shape));
                    merging([left?, right?], shape.batch)
                }
            })
        }),
    );
    Contest {
        id: format!("merge-{}-{}-{id}", shape.room, shape.batch),
        label: format!("{label}, {}, ring of {}", pace(shape), binary(shape.room)),
        open,
        may_sleep,
        target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::ThreadPeer;
    use crate::peers::memlane::Spsc;

    /// Some keys, and then the end.
    struct Listed(Vec<u128>);

    impl Stream for Listed {
        fn next(&mut self) -> Result<Option<u128>> {
            Ok(if self.0.is_empty() { None } else { Some(self.0.remove(0)) })
        }
    }

    fn checksum(keys: &[u128]) -> Checksum {
        let mut checksum = Checksum::default();
        keys.iter().for_each(|&key| checksum.add(key));
        checksum
    }

    #[test]
    fn a_merge_has_all_keys_in_order_whichever_stream_ends_first() {
        let merged =
            |left: &[u128], right: &[u128]| merge_pass(&mut Listed(left.into()), &mut Listed(right.into())).unwrap();
        assert_eq!(merged(&[1, 4, 9], &[2, 3, 4, 11, 12]), checksum(&[1, 2, 3, 4, 4, 9, 11, 12]));
        assert_eq!(merged(&[5, 6], &[1]), checksum(&[1, 5, 6]));
        assert_eq!(merged(&[], &[1, 2]), checksum(&[1, 2]));
        assert_eq!(merged(&[7], &[]), checksum(&[7]));
    }

    #[test]
    fn the_checksum_knows_order_both_halves_and_every_key() {
        let keys = [1, 2, 3 << 64];
        for others in [&[2, 1, 3 << 64][..], &[1, 2, 2 << 64], &[1, 2], &[1, 1, 2, 3 << 64]] {
            assert_ne!(checksum(&keys), checksum(others), "{others:?}");
        }
    }

    #[test]
    fn streams_ascend_differ_and_are_the_same_in_every_pass() {
        let mut producers = [0, 1].map(Producer::of);
        let mut pass = || {
            producers.each_mut().map(|producer| {
                let mut keys = Vec::new();
                while let Some(key) = producer.next().unwrap() {
                    keys.push(key);
                }
                keys
            })
        };
        let [first, second] = pass();
        assert_eq!((first.len(), second.len()), (STREAM as usize, STREAM as usize));
        assert!(first.windows(2).all(|pair| pair[0] < pair[1]));
        assert_ne!(first, second);
        assert!(first.last().unwrap() >> 64 > 0, "both halves of a key matter");
        assert_eq!(pass(), [first, second]);
    }

    #[test]
    fn one_thread_and_all_paces_come_to_the_same_checksum() {
        let mut alone = merging_alone([0, 1]);
        let mut watch = Watch::default();
        alone.run(2 * PASS, &mut watch).unwrap();
        assert_eq!(watch.wrong, 0);
        for batch in [1, 16, 50] {
            let shape = Shape { room: 1 << 16, batch };
            let receivers = [0, 1].map(|stream| {
                let (mut senders, mut receivers) =
                    ThreadPeer::<16>::ends(&Spsc::copying(memlane::Strategy::Adaptive), shape, 1, 1).unwrap();
                let tx = senders.pop().unwrap();
                let mut sending = Sending { tx, producer: Producer::of(stream), batch };
                std::thread::spawn(move || sending.run(2 * STREAM, &mut Watch::default()).unwrap());
                receivers.pop().unwrap()
            });
            merging(receivers, batch).run(2 * PASS, &mut watch).unwrap();
            assert_eq!(watch.wrong, 0, "batches of {batch}");
        }
    }

    #[test]
    fn a_wrong_key_is_noticed() {
        let mut watch = Watch::default();
        merging_alone([0, 2]).run(PASS, &mut watch).unwrap();
        assert_eq!(watch.wrong, 1);
    }
}
