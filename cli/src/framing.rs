//! From a stream of bytes to messages, and back.
//!
//! ```text
//! lines    message \n message \n …      the delimiter is not part of the message; the last one may lack it
//! length   u32 message u32 message …    little-endian length, then that many bytes
//! raw      whatever one read returned   boundaries mean nothing (into a lane of one sender: see `pouring`)
//! ```
//!
//! A [`FrameReader`] reads once, cuts out every message that is whole, and hands them over as one [`Portion`]: a line
//! that arrives alone is a portion of one at once, and plentiful input comes in portions of a quarter megabyte.
//!
//! What holds: a portion is handed over before the next read, so nothing whole ever waits for what comes behind it. What
//! ends the input, in good order or not, comes with or after the last messages before it. The buffer grows to the
//! channel's largest message and no further.

use clap::ValueEnum;
use memlane::OutOfMemory;
use std::io::{self, Read};
use std::ops::Range;

/// How messages follow each other in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Framing {
    /// One message a line, without its line end
    #[default]
    Lines,
    /// Each message behind its length, an unsigned little-endian number of 4 bytes
    Length,
    /// No boundaries: a stream of bytes; in a channel of kind spsc, with the ends of a pipe
    Raw,
}

/// Bytes of a length.
const PREFIX: usize = 4;

const LINE_END: &[u8] = b"\n";

impl Framing {
    /// What a message is called in messages to people.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Lines => "line",
            Self::Length | Self::Raw => "message",
        }
    }

    /// Appends one message to `stream`. `append` appends the `length` bytes of the message itself.
    ///
    /// # Errors
    /// There is no memory for it. Somebody else chose its length, so a vector must not grow for it by itself, which would end
    /// the process.
    pub fn encode(
        self,
        stream: &mut Vec<u8>,
        length: usize,
        append: impl FnOnce(&mut Vec<u8>) -> Result<(), OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let around = PREFIX.max(LINE_END.len());
        stream.try_reserve(length.saturating_add(around)).map_err(|_| OutOfMemory { needed: length })?;
        if self == Self::Length {
            // A channel holds at most 2 GiB, so no message reaches the saturation.
            stream.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
        append(stream)?;
        if self == Self::Lines {
            stream.extend_from_slice(LINE_END);
        }
        Ok(())
    }
}

/// What stands behind the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing.
    Complete,
    /// A message that lacks this many bytes.
    Incomplete { missing: usize },
    /// A length that lacks this many bytes.
    IncompleteLength { missing: usize },
    /// A message of this many bytes, more than the channel takes; or of even more, if `or_more`.
    TooLarge { length: u64, or_more: bool },
}

/// Some whole messages.
#[derive(Debug)]
pub struct Portion<'a> {
    buffer: &'a [u8],
    messages: &'a [Range<usize>],
    /// Set if these are the last ones.
    pub end: Option<End>,
    /// Bytes of the stream that were read so far.
    pub bytes_read: u64,
}

impl Portion<'_> {
    /// The messages, in order.
    pub fn messages(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.messages.iter().map(|range| &self.buffer[range.clone()])
    }
}

/// Cuts a stream into messages.
#[derive(Debug)]
pub struct FrameReader<R> {
    input: R,
    framing: Framing,
    max_message: usize,
    buffer: Vec<u8>,
    /// The part of `buffer` that is read but not cut.
    start: usize,
    filled: usize,
    /// No line ends before this place of `buffer`.
    scanned: usize,
    messages: Vec<Range<usize>>,
    bytes_read: u64,
}

/// What is asked for at once.
const CHUNK: usize = 256 << 10;

/// A raw message is not longer than this, however large the channel: waiting longer only delays the first byte.
const RAW_MAX: usize = 1 << 20;

/// How much of an overlong line is read to tell its length.
const MEASURED_MAX: u64 = 256 << 20;

impl<R: Read> FrameReader<R> {
    /// Cuts `input` into messages of up to `max_message` bytes.
    pub fn new(input: R, framing: Framing, max_message: usize) -> Self {
        let chunk = if framing == Framing::Raw { max_message.clamp(1, RAW_MAX) } else { CHUNK };
        Self {
            input,
            framing,
            max_message,
            buffer: vec![0; chunk],
            start: 0,
            filled: 0,
            scanned: 0,
            messages: Vec::new(),
            bytes_read: 0,
        }
    }

    /// The next whole messages: none only together with the end. Blocks until there is one.
    ///
    /// # Errors
    /// Reading failed, or there is no memory for a message. Everything before was handed over.
    pub fn next_portion(&mut self) -> io::Result<Portion<'_>> {
        self.messages.clear();
        let mut end = None;
        while self.messages.is_empty() && end.is_none() {
            self.make_room()?;
            end = match self.fill()? {
                0 => Some(self.cut_rest()),
                _ => self.cut(),
            };
            // The length of what is too long is worth waiting for, but not before the messages before it.
            if self.messages.is_empty() && end.is_none() && self.is_overlong() {
                end = Some(self.measure()?);
            }
        }
        Ok(Portion { buffer: &self.buffer, messages: &self.messages, end, bytes_read: self.bytes_read })
    }

    /// Moves what is not cut yet to the front, and makes the buffer larger if that fills it.
    fn make_room(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.scanned -= self.start;
        self.start = 0;
        if self.filled == self.buffer.len() {
            let largest = self.max_message.saturating_add(PREFIX + CHUNK);
            let length = self.buffer.len().saturating_mul(2).min(largest);
            self.buffer.try_reserve_exact(length.saturating_sub(self.filled))?;
            self.buffer.resize(length, 0);
        }
        Ok(())
    }

    /// Reads once. Returns the number of bytes; 0 is the end.
    fn fill(&mut self) -> io::Result<usize> {
        let read = loop {
            match self.input.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled += read;
        self.bytes_read += read as u64;
        Ok(read)
    }

    /// Cuts every whole message out of what was read, up to one that is too long.
    fn cut(&mut self) -> Option<End> {
        match self.framing {
            Framing::Lines => self.cut_lines(),
            Framing::Length => self.cut_prefixed(),
            Framing::Raw => {
                self.messages.push(self.start..self.filled);
                self.start = self.filled;
                self.scanned = self.filled;
                None
            }
        }
    }

    fn cut_lines(&mut self) -> Option<End> {
        let unseen = self.scanned;
        for newline in memchr::memchr_iter(b'\n', &self.buffer[unseen..self.filled]) {
            let line = self.start..unseen + newline;
            if line.len() > self.max_message {
                return Some(End::TooLarge { length: line.len() as u64, or_more: false });
            }
            self.start = line.end + 1;
            self.messages.push(line);
        }
        self.scanned = self.filled;
        None
    }

    fn cut_prefixed(&mut self) -> Option<End> {
        while let Some(length) = self.next_length() {
            if length > self.max_message {
                return Some(End::TooLarge { length: length as u64, or_more: false });
            }
            let message = self.start + PREFIX..self.start + PREFIX + length;
            if message.end > self.filled {
                break;
            }
            self.start = message.end;
            self.messages.push(message);
        }
        self.scanned = self.start;
        None
    }

    fn next_length(&self) -> Option<usize> {
        let prefix = self.buffer[self.start..self.filled].first_chunk::<PREFIX>()?;
        Some(u32::from_le_bytes(*prefix) as usize)
    }

    /// The stream has ended: is what is left a message?
    fn cut_rest(&mut self) -> End {
        let left = self.filled - self.start;
        match (self.framing, self.next_length()) {
            (_, None) if left == 0 => End::Complete,
            (Framing::Length, None) => End::IncompleteLength { missing: PREFIX - left },
            (Framing::Length, Some(length)) => End::Incomplete { missing: PREFIX + length - left },
            _ if left > self.max_message => End::TooLarge { length: left as u64, or_more: false },
            _ => {
                self.messages.push(self.start..self.filled);
                self.start = self.filled;
                End::Complete
            }
        }
    }

    /// Whether what is left is a part of a line that is too long already.
    fn is_overlong(&self) -> bool {
        self.framing == Framing::Lines && self.filled - self.start > self.max_message
    }

    /// Reads on to the end of a line that is too long, to tell how long it is.
    fn measure(&mut self) -> io::Result<End> {
        let mut length = (self.filled - self.start) as u64;
        while length <= MEASURED_MAX {
            self.start = 0;
            self.filled = 0;
            let read = self.fill()?;
            let line_end = memchr::memchr(b'\n', &self.buffer[..read]);
            length += line_end.unwrap_or(read) as u64;
            if read == 0 || line_end.is_some() {
                return Ok(End::TooLarge { length, or_more: false });
            }
        }
        Ok(End::TooLarge { length, or_more: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out `bytes` in reads of `step` bytes.
    struct Slow<'a> {
        bytes: &'a [u8],
        step: usize,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let step = self.step.min(buffer.len());
            self.bytes.read(&mut buffer[..step])
        }
    }

    fn cut(framing: Framing, max: usize, step: usize, bytes: &[u8]) -> (Vec<Vec<u8>>, End) {
        let mut reader = FrameReader::new(Slow { bytes, step }, framing, max);
        let mut messages = Vec::new();
        loop {
            let portion = reader.next_portion().unwrap();
            assert!(portion.end.is_some() || portion.messages().len() > 0, "an empty portion without an end");
            messages.extend(portion.messages().map(<[u8]>::to_vec));
            if let Some(end) = portion.end {
                return (messages, end);
            }
        }
    }

    /// The same, however the stream is read.
    fn cut_anyhow(framing: Framing, max: usize, bytes: &[u8]) -> (Vec<Vec<u8>>, End) {
        let whole = cut(framing, max, usize::MAX, bytes);
        for step in [1, 2, 3, 5, 7, 64, 1000] {
            assert_eq!(cut(framing, max, step, bytes), whole, "in reads of {step}");
        }
        whole
    }

    fn texts(messages: &[Vec<u8>]) -> Vec<&str> {
        messages.iter().map(|message| std::str::from_utf8(message).unwrap()).collect()
    }

    #[test]
    fn lines_lose_their_delimiter_and_nothing_else() {
        let (messages, end) = cut_anyhow(Framing::Lines, 100, b"one\n\ntwo\r\n \0\nlast");
        assert_eq!((texts(&messages), end), (vec!["one", "", "two\r", " \0", "last"], End::Complete));
        let (messages, end) = cut_anyhow(Framing::Lines, 100, b"one\n");
        assert_eq!((texts(&messages), end), (vec!["one"], End::Complete));
        assert_eq!(cut_anyhow(Framing::Lines, 100, b""), (vec![], End::Complete));
        assert_eq!(cut_anyhow(Framing::Lines, 100, b"\n"), (vec![vec![]], End::Complete));
    }

    #[test]
    fn a_line_that_is_too_long_is_measured_after_those_before_it() {
        for tail in [&b""[..], b"\n", b"\nnever sent\n"] {
            let bytes = [b"fits\nalso\n", &[b'x'; 3000][..], tail].concat();
            let (messages, end) = cut_anyhow(Framing::Lines, 5, &bytes);
            let too_large = End::TooLarge { length: 3000, or_more: false };
            assert_eq!((texts(&messages), end), (vec!["fits", "also"], too_large));
        }
    }

    #[test]
    fn a_line_as_long_as_allowed_fits() {
        let longest = "x".repeat(CHUNK * 3);
        let (messages, end) = cut(Framing::Lines, longest.len(), 100_000, format!("{longest}\n{longest}").as_bytes());
        assert_eq!((texts(&messages), end), (vec![longest.as_str(); 2], End::Complete));
    }

    #[test]
    fn endless_lines_are_not_measured_for_ever() {
        let mut reader = FrameReader::new(io::repeat(b'x'), Framing::Lines, 10);
        let end = reader.next_portion().unwrap().end;
        assert!(matches!(end, Some(End::TooLarge { length: MEASURED_MAX.., or_more: true })), "{end:?}");
    }

    #[test]
    fn what_is_encoded_is_cut_out_again() {
        let messages: Vec<Vec<u8>> = vec![b"one".to_vec(), vec![], vec![b'\n'; 3], vec![0xff; 300]];
        let mut stream = Vec::new();
        for message in &messages {
            let append = |stream: &mut Vec<u8>| {
                stream.extend_from_slice(message);
                Ok(())
            };
            Framing::Length.encode(&mut stream, message.len(), append).unwrap();
        }
        assert_eq!(cut_anyhow(Framing::Length, 300, &stream), (messages, End::Complete));
    }

    #[test]
    fn what_is_encoded_needs_no_memory_besides_what_was_asked_for_first() {
        for framing in [Framing::Lines, Framing::Length, Framing::Raw] {
            let (mut stream, mut room) = (b"before".to_vec(), 0);
            let append = |stream: &mut Vec<u8>| {
                room = stream.capacity();
                stream.extend_from_slice(&[7; 1000]);
                Ok(())
            };
            framing.encode(&mut stream, 1000, append).unwrap();
            assert_eq!(stream.capacity(), room, "{framing:?}");
            let too_long = framing.encode(&mut stream, isize::MAX as usize, |_| Ok(()));
            assert_eq!(too_long, Err(OutOfMemory { needed: isize::MAX as usize }));
        }
    }

    #[test]
    fn an_incomplete_length_frame_says_what_is_missing() {
        let (messages, end) = cut_anyhow(Framing::Length, 100, b"\x03\0\0\0one\x0a\0\0\0abc");
        assert_eq!((texts(&messages), end), (vec!["one"], End::Incomplete { missing: 7 }));
        let (messages, end) = cut_anyhow(Framing::Length, 100, b"\x03\0\0\0one\x0a");
        assert_eq!((texts(&messages), end), (vec!["one"], End::IncompleteLength { missing: 3 }));
        let (_, end) = cut_anyhow(Framing::Length, 100, b"\x0a\0\0\0");
        assert_eq!(end, End::Incomplete { missing: 10 });
    }

    #[test]
    fn a_length_beyond_the_channel_is_refused_without_reading_on() {
        let (messages, end) = cut_anyhow(Framing::Length, 3, b"\x03\0\0\0one\xff\xff\xff\xff");
        let too_large = End::TooLarge { length: u32::MAX.into(), or_more: false };
        assert_eq!((texts(&messages), end), (vec!["one"], too_large));
    }

    #[test]
    fn raw_chunks_join_to_the_stream() {
        let bytes: Vec<u8> = (0..10_000u32).map(|i| i as u8).collect();
        let (messages, end) = cut(Framing::Raw, 64, 1000, &bytes);
        assert!(messages.iter().all(|message| (1..=64).contains(&message.len())));
        assert_eq!((messages.concat(), end), (bytes, End::Complete));
    }

    #[test]
    fn a_failed_read_comes_after_what_was_whole() {
        struct Failing<'a>(&'a [u8]);
        impl Read for Failing<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if self.0.is_empty() { Err(io::ErrorKind::TimedOut.into()) } else { self.0.read(buffer) }
            }
        }
        let mut reader = FrameReader::new(Failing(b"one\ntw"), Framing::Lines, 100);
        assert_eq!(reader.next_portion().unwrap().messages().collect::<Vec<_>>(), [b"one"]);
        assert_eq!(reader.next_portion().unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
