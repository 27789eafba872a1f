//! Random sequences of calls at both ends against records in a queue that is obviously right: no byte is lost, doubled or out of
//! order, however the stream is cut at either end.

use crate::support::stage::{Place, Stage, trust};
use crate::{Reader, Writer, stream};
use memlane::spsc::{Channel, Options};
use memlane::{Backend, FenceMode};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::io::{BufRead, ErrorKind, IoSlice, IoSliceMut, Read, Write};

#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    WriteVectored(Vec<usize>),
    /// A record that no writer makes.
    SendEmpty,
    Read(usize),
    ReadVectored(Vec<usize>),
    /// Lends, and consumes so many bytes.
    Consume(usize),
    /// Lends, and consumes all of it.
    ConsumeAll,
    RejoinWriter,
    RejoinReader,
    /// The writer leaves; the reader reads to the end; another writer comes.
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let length = || prop_oneof![3 => 0usize..20, 2 => 0usize..600, 1 => 490usize..520, 1 => 0usize..20_000];
    let lengths = || proptest::collection::vec(length(), 0..5);
    let step = prop_oneof![
        8 => length().prop_map(Step::Write),
        4 => lengths().prop_map(Step::WriteVectored),
        2 => Just(Step::SendEmpty),
        8 => length().prop_map(Step::Read),
        4 => lengths().prop_map(Step::ReadVectored),
        6 => length().prop_map(Step::Consume),
        2 => Just(Step::ConsumeAll),
        1 => Just(Step::RejoinWriter),
        1 => Just(Step::RejoinReader),
        1 => Just(Step::End),
    ];
    proptest::collection::vec(step, 1..150)
}

fn options() -> impl Strategy<Value = Options> {
    let backend = prop_oneof![Just(Backend::Futex), Just(Backend::Semaphore)];
    let fence = prop_oneof![Just(FenceMode::Asymmetric), Just(FenceMode::Symmetric)];
    let shape = (prop_oneof![3 => Just(4096usize), 1 => Just(65536)], prop_oneof![Just(8usize), Just(64)]);
    (shape, backend, fence, proptest::option::of(1usize..1000)).prop_map(
        |((capacity, alignment), backend, fence, max)| {
            let options = Options::new().capacity(capacity).payload_alignment(alignment).backend(backend).fence(fence);
            max.map_or(options.clone(), |max| options.max_message(max)).trust_peers(trust())
        },
    )
}

/// Both ends, which never wait, and what has to be between them.
struct Run {
    channel: Channel,
    writer: Option<Writer>,
    reader: Option<Reader>,
    lends_in_place: bool,
    /// Records of which not all was consumed: where each begins in the stream, and its length.
    records: VecDeque<(usize, usize)>,
    /// Bytes of the first one that were consumed.
    passed: usize,
    /// Bytes that were written in all.
    written: usize,
}

impl Run {
    fn new(channel: Channel, lends_in_place: bool) -> Self {
        let (records, passed, written) = (VecDeque::new(), 0, 0);
        let mut run = Self { channel, writer: None, reader: None, lends_in_place, records, passed, written };
        run.rejoin_writer();
        run.rejoin_reader();
        run
    }

    fn rejoin_writer(&mut self) {
        self.writer = None;
        let mut writer = Writer::from(self.channel.sender().unwrap());
        writer.set_nonblocking(true);
        self.writer = Some(writer);
    }

    fn rejoin_reader(&mut self) {
        self.reader = None;
        let mut reader = Reader::from(self.channel.receiver().unwrap());
        if self.lends_in_place {
            reader = reader.trust_peers(trust());
        }
        reader.set_nonblocking(true);
        self.reader = Some(reader);
        self.passed = 0;
    }

    fn writer(&mut self) -> &mut Writer {
        self.writer.as_mut().unwrap()
    }

    fn reader(&mut self) -> &mut Reader {
        self.reader.as_mut().unwrap()
    }

    /// Where the next byte that is read stands in the stream, if there is one.
    fn position(&self) -> Option<usize> {
        self.records.front().map(|(start, _)| start + self.passed)
    }

    fn left(&self) -> usize {
        self.position().map_or(0, |position| self.written - position)
    }

    /// A write of so many bytes came to this.
    fn wrote(&mut self, asked: usize, outcome: std::io::Result<usize>) {
        let piece = asked.min(self.writer().chunk());
        match outcome {
            Ok(count) => {
                assert_eq!(count, piece);
                if count > 0 {
                    self.records.push_back((self.written, count));
                    self.written += count;
                }
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                assert!(piece > 0 && self.left() > 0, "an empty ring has room for a piece");
            }
        }
    }

    /// So many bytes were consumed.
    fn consumed(&mut self, mut count: usize) {
        while count > 0 {
            let (_, length) = self.records[0];
            let now = count.min(length - self.passed);
            (count, self.passed) = (count - now, self.passed + now);
            if self.passed == length {
                self.records.pop_front();
                self.passed = 0;
            }
        }
    }

    /// Bytes that were read, and how many were asked for.
    fn read(&mut self, asked: usize, outcome: std::io::Result<Vec<u8>>) {
        match outcome {
            Ok(bytes) => {
                assert!(bytes.len() <= asked && (asked == 0 || !bytes.is_empty()), "{} of {asked}", bytes.len());
                if let Some(position) = self.position() {
                    assert!(bytes == stream(position, bytes.len()), "at {position}");
                }
                self.consumed(bytes.len());
            }
            Err(error) => assert!(error.kind() == ErrorKind::WouldBlock && self.left() == 0, "{error}"),
        }
    }

    fn consume(&mut self, count: Option<usize>) {
        let (position, left) = (self.position(), self.left());
        match self.reader().fill_buf() {
            Ok(lent) => {
                let lent = lent.to_vec();
                assert!(!lent.is_empty() && lent.len() <= left);
                assert!(lent == stream(position.unwrap(), lent.len()));
                let count = count.unwrap_or(lent.len()).min(lent.len());
                self.reader().consume(count);
                self.consumed(count);
            }
            Err(error) => assert!(error.kind() == ErrorKind::WouldBlock && left == 0, "{error}"),
        }
    }

    fn end(&mut self) {
        self.writer = None;
        let (mut bytes, position) = (Vec::new(), self.position());
        self.reader().read_to_end(&mut bytes).unwrap();
        assert!(bytes == position.map_or(vec![], |position| stream(position, self.written - position)));
        self.records.clear();
        self.passed = 0;
        assert_eq!(self.reader().fill_buf().unwrap(), b"");
        self.rejoin_writer();
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Write(length) => {
                let bytes = stream(self.written, *length);
                let outcome = self.writer().write(&bytes);
                self.wrote(*length, outcome);
            }
            Step::WriteVectored(lengths) => {
                let bytes = stream(self.written, lengths.iter().sum());
                let mut rest = &bytes[..];
                let slices: Vec<_> =
                    lengths.iter().map(|length| IoSlice::new(rest.split_off(..*length).unwrap())).collect();
                let outcome = self.writer().write_vectored(&slices);
                self.wrote(bytes.len(), outcome);
            }
            Step::SendEmpty => {
                let _ = self.writer().get_mut().try_send(b"");
            }
            Step::Read(length) => {
                let mut bytes = vec![0; *length];
                let outcome = self.reader().read(&mut bytes);
                self.read(*length, outcome.map(|count| bytes[..count].to_vec()));
            }
            Step::ReadVectored(lengths) => {
                let mut buffers: Vec<_> = lengths.iter().map(|length| vec![0; *length]).collect();
                let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
                let outcome = self.reader().read_vectored(&mut slices);
                let asked = lengths.iter().sum();
                self.read(asked, outcome.map(|count| buffers.concat()[..count].to_vec()));
            }
            Step::Consume(count) => self.consume(Some(*count)),
            Step::ConsumeAll => self.consume(None),
            Step::RejoinWriter => self.rejoin_writer(),
            Step::RejoinReader => {
                self.rejoin_reader();
                // Its departure is no reason to break the pipe: another one has come before the writer looks.
            }
            Step::End => self.end(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_stream_is_the_same_however_it_is_cut(
        steps in steps(),
        options in options(),
        place in prop_oneof![2 => Just(Place::Private), 1 => Just(Place::Named), 1 => Just(Place::Anonymous)],
        lends_in_place in any::<bool>(),
    ) {
        let stage = Stage::new(place);
        let mut run = Run::new(stage.channel(&options), lends_in_place);
        for step in &steps {
            run.step(step);
        }
        run.end();
    }
}
