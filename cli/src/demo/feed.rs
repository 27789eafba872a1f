//! What the demo sends: the lines of a file, or a feed that both processes generate alike.

use crate::failure::{Failure, Outcome};
use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Messages, one behind the other.
#[derive(Debug)]
pub struct Feed {
    bytes: Vec<u8>,
    /// Where each message ends in `bytes`.
    ends: Vec<usize>,
}

/// No more than this of a file is replayed: both processes keep it in memory.
const FILE_MAX: u64 = 256 << 20;

/// Messages of the generated feed.
const GENERATED: u64 = 100_000;

/// One message in so many is a large one: a book's full depth behind its changes.
const LARGE_EVERY: u64 = 1000;

impl Feed {
    /// The lines of `file`, or the generated feed.
    pub fn load(file: Option<&Path>) -> Outcome<Self> {
        match file {
            Some(path) => Self::read(path).map_err(|error| match error {
                Unusable::Io(error) => Failure::failed(format!("reading {} failed: {error}", path.display())),
                Unusable::NotRegular => Failure::failed(format!(
                    "{} is not a regular file; both processes read it, so a pipe cannot serve",
                    path.display()
                )),
                Unusable::Empty => Failure::failed(format!("{} has no lines to replay", path.display())),
            }),
            None => Ok(Self::generate(GENERATED)),
        }
    }

    fn read(path: &Path) -> Result<Self, Unusable> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(Unusable::NotRegular);
        }
        let mut reader = BufReader::with_capacity(1 << 20, file.take(FILE_MAX));
        let mut feed = Self { bytes: Vec::new(), ends: Vec::new() };
        while reader.read_until(b'\n', &mut feed.bytes)? > 0 {
            if feed.bytes.last() == Some(&b'\n') {
                feed.bytes.pop();
            }
            feed.ends.push(feed.bytes.len());
        }
        if feed.ends.is_empty() { Err(Unusable::Empty) } else { Ok(feed) }
    }

    /// Changes of an order book, as exchanges send them: mostly about 200 bytes, now and then up to 40 kB.
    fn generate(messages: u64) -> Self {
        let mut random = Random(8);
        let mut text = String::new();
        let mut ends = Vec::new();
        for number in 0..messages {
            let levels = match number % LARGE_EVERY {
                0 => 800 + random.below(1000),
                _ => 2 + random.below(9),
            };
            let update = 5_123_107_832_006 + 7 * number;
            // Writing to a string cannot fail.
            let _ =
                write!(text, r#"{{"stream":"generated@depth","E":{},"u":{update},"b":["#, 1_723_161_256_299 + number);
            for level in 0..levels {
                let comma = if level == 0 { "" } else { "," };
                let (price, quantity) = (5_800_000 + random.below(400_000), random.below(2_000));
                let (units, cents) = (price / 100, price % 100);
                let _ = write!(text, r#"{comma}["{units}.{cents:02}","{}.{:03}"]"#, quantity / 1000, quantity % 1000);
            }
            text.push_str(r#"],"a":[]}"#);
            ends.push(text.len());
        }
        Self { bytes: text.into_bytes(), ends }
    }

    /// How many messages there are; at least one.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all messages.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of the largest message.
    pub fn longest(&self) -> usize {
        (0..self.len()).map(|index| self.range(index).len()).max().unwrap_or(0)
    }

    /// The message at this place of an endless replay.
    pub fn message(&self, number: u64) -> &[u8] {
        &self.bytes[self.range((number % self.len() as u64) as usize)]
    }

    fn range(&self, index: usize) -> std::ops::Range<usize> {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        start..self.ends[index]
    }
}

/// Why a file cannot be replayed.
enum Unusable {
    Io(std::io::Error),
    NotRegular,
    Empty,
}

impl From<std::io::Error> for Unusable {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every process, which is all that is asked of it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_generated_feed_is_the_same_everywhere() {
        let (ours, theirs) = (Feed::generate(2000), Feed::generate(2000));
        assert_eq!(ours.bytes, theirs.bytes);
        let large = (0..2000).filter(|&number| ours.message(number).len() > 10_000).count();
        assert_eq!(large, 2, "one message in 1,000 is large");
        assert!((10_000..45_000).contains(&ours.longest()), "{}", ours.longest());
        let small = ours.message(1).len();
        assert!((100..400).contains(&small), "{small}");
        assert_eq!(ours.message(2001), ours.message(1), "the replay starts over");
    }

    #[test]
    fn a_file_is_replayed_line_by_line() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"one\n\nthree").unwrap();
        let feed = Feed::load(Some(file.path())).unwrap();
        let lines: Vec<&[u8]> = (0..3).map(|number| feed.message(number)).collect();
        assert_eq!((feed.len(), lines), (3, vec![&b"one"[..], b"", b"three"]));
        assert_eq!((feed.bytes(), feed.longest()), (8, 5));
    }

    #[test]
    fn what_cannot_be_replayed_is_said() {
        let failure = |path: &str| match Feed::load(Some(Path::new(path))) {
            Err(Failure::Failed(sentence)) => sentence,
            other => panic!("{other:?}"),
        };
        assert!(failure("/dev/null").contains("not a regular file"));
        assert!(failure("/nowhere/at/all").contains("No such file"));
        let empty = tempfile::NamedTempFile::new().unwrap();
        assert!(failure(&empty.path().display().to_string()).contains("no lines"));
    }
}
