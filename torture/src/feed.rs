//! Lines of a recorded feed, unpacked once for all workers.

use crate::map;
use anyhow::{Context, Result, ensure};
use flate2::read::MultiGzDecoder;
use memmap2::Mmap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The lines, in memory that all workers share.
pub struct Feed {
    text: Mmap,
    /// Where each line ends in `text`, without its newline: eight bytes each.
    ends: Mmap,
    longest: usize,
}

/// Where the ends of the lines of the feed at `path` stand.
fn ends_of(path: &Path) -> PathBuf {
    path.with_extension("ends")
}

/// Unpacks `source`, a text or a gzipped one, to `path`.
pub fn unpack(source: &Path, path: &Path) -> Result<()> {
    let file = File::open(source).with_context(|| format!("opening {}", source.display()))?;
    let mut reader: Box<dyn BufRead> = if source.extension().is_some_and(|extension| extension == "gz") {
        Box::new(BufReader::new(MultiGzDecoder::new(file)))
    } else {
        Box::new(BufReader::new(file))
    };
    let mut text = BufWriter::new(File::create(path)?);
    let mut ends = BufWriter::new(File::create(ends_of(path))?);
    let (mut line, mut end) = (Vec::new(), 0u64);
    while reader.by_ref().read_until(b'\n', &mut line)? > 0 {
        let length = line.strip_suffix(b"\n").map_or(line.len(), <[u8]>::len);
        text.write_all(&line[..length])?;
        end += length as u64;
        ends.write_all(&end.to_le_bytes())?;
        line.clear();
    }
    ensure!(end > 0, "{} has nothing to send", source.display());
    text.flush()?;
    ends.flush()?;
    Ok(())
}

impl Feed {
    /// The feed that was unpacked to `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let mut feed = Self { text: map::open(path)?, ends: map::open(&ends_of(path))?, longest: 0 };
        feed.longest = (0..feed.lines()).map(|line| feed.line(line).len()).max().unwrap_or(0);
        Ok(feed)
    }

    /// How many lines there are.
    pub fn lines(&self) -> u64 {
        (self.ends.len() / 8) as u64
    }

    /// Bytes of the longest line.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The line at this place of an endless replay.
    pub fn line(&self, number: u64) -> &[u8] {
        let line = number % self.lines();
        let start = if line == 0 { 0 } else { self.end(line - 1) };
        &self.text[start..self.end(line)]
    }

    fn end(&self, line: u64) -> usize {
        let at = line as usize * 8;
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.ends[at..at + 8]);
        u64::from_le_bytes(bytes) as usize
    }
}
