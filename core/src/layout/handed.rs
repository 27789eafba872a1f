//! What goes with the descriptors of an anonymous channel that is handed over: a frame over a Unix socket, or a text in the environment of a
//! program that inherits them.
//!
//! ```text
//! frame   "memlane\n"  version:16 | kind:16 | access:16 | 0:16  instance:128       32 bytes, little-endian
//! text    memlane:VERSION:KIND:ACCESS:INSTANCE:REGION:LOCKS                        numbers in decimal, the instance in hexadecimal
//! ```
//!
//! Neither is believed: what the descriptors stand for is checked as any file is. The two tell a mistake from a channel early, and by
//! a name.

use super::kinds::Kind;

/// Version of the frame and of the text. Others are refused.
pub const HANDED_VERSION: u16 = 1;

/// Length of a frame in bytes.
pub const FRAME_BYTES: usize = 32;

const MAGIC: &[u8; 8] = b"memlane\n";

/// What a channel is handed over for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// To take part in it.
    TakePart,
    /// To receive without a seat, and to write nothing.
    ReadOnly,
}

impl Handed {
    fn code(self) -> u16 {
        match self {
            Self::TakePart => 1,
            Self::ReadOnly => 2,
        }
    }

    fn from_code(code: u16) -> Option<Self> {
        [Self::TakePart, Self::ReadOnly].into_iter().find(|handed| handed.code() == code)
    }
}

/// What a frame or a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedFrame {
    /// The kind's number, which this version may not know.
    pub kind_code: u16,
    /// What it is handed over for.
    pub handed: Handed,
    /// The channel's instance: no other channel has it.
    pub instance: [u8; 16],
}

/// Why something is no frame, or no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAFrame {
    /// Something else, or damaged.
    Foreign,
    /// The start of one.
    CutShort,
    /// One of this other version.
    Version(u16),
}

impl HandedFrame {
    /// Of a channel of this kind and instance.
    pub fn new(kind: Kind, handed: Handed, instance: [u8; 16]) -> Self {
        Self { kind_code: kind.code(), handed, instance }
    }

    /// The bytes that go over the socket.
    pub fn to_bytes(self) -> [u8; FRAME_BYTES] {
        let mut bytes = [0; FRAME_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        let words = [HANDED_VERSION, self.kind_code, self.handed.code(), 0];
        for (place, word) in bytes[8..16].as_chunks_mut::<2>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        bytes[16..].copy_from_slice(&self.instance);
        bytes
    }

    /// Reads what anybody may have sent.
    ///
    /// # Errors
    /// See [`NotAFrame`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAFrame> {
        let magic = &MAGIC[..bytes.len().min(MAGIC.len())];
        if !bytes.starts_with(magic) {
            return Err(NotAFrame::Foreign);
        }
        let Some(bytes) = bytes.first_chunk::<FRAME_BYTES>() else { return Err(NotAFrame::CutShort) };
        let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        if word(8) != HANDED_VERSION {
            return Err(NotAFrame::Version(word(8)));
        }
        match (Handed::from_code(word(12)), word(14), bytes.last_chunk::<16>()) {
            (Some(handed), 0, Some(instance)) => Ok(Self { kind_code: word(10), handed, instance: *instance }),
            _ => Err(NotAFrame::Foreign),
        }
    }

    /// The text of a channel whose descriptors have these numbers.
    pub fn to_text(self, region: i32, locks: i32) -> String {
        let instance = u128::from_be_bytes(self.instance);
        let (kind, handed) = (self.kind_code, self.handed.code());
        format!("memlane:{HANDED_VERSION}:{kind}:{handed}:{instance:032x}:{region}:{locks}")
    }

    /// Reads what anybody may have written; with it, the numbers of the region's and the lock file's descriptors.
    ///
    /// # Errors
    /// See [`NotAFrame`].
    pub fn from_text(text: &str) -> Result<(Self, i32, i32), NotAFrame> {
        let foreign = NotAFrame::Foreign;
        let parts: Vec<_> = text.split(':').collect();
        let [magic, version, rest @ ..] = &*parts else { return Err(foreign) };
        let version: u16 = version.parse().map_err(|_| foreign)?;
        if *magic != "memlane" {
            return Err(foreign);
        }
        if version != HANDED_VERSION {
            return Err(NotAFrame::Version(version));
        }
        let [kind, handed, instance, region, locks] = rest else { return Err(foreign) };
        let handed = handed.parse().ok().and_then(Handed::from_code).ok_or(foreign)?;
        let instance = u128::from_str_radix(instance, 16).map_err(|_| foreign)?.to_be_bytes();
        let frame = Self { kind_code: kind.parse().map_err(|_| foreign)?, handed, instance };
        let number = |text: &str| text.parse().ok().filter(|number| *number >= 0).ok_or(foreign);
        Ok((frame, number(region)?, number(locks)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: HandedFrame = HandedFrame { kind_code: 5, handed: Handed::ReadOnly, instance: *b"0123456789abcdef" };

    #[test]
    fn a_frame_survives_its_bytes_and_its_text() {
        assert_eq!(HandedFrame::from_bytes(&FRAME.to_bytes()), Ok(FRAME));
        let more = [&FRAME.to_bytes()[..], b"more"].concat();
        assert_eq!(HandedFrame::from_bytes(&more), Ok(FRAME), "what comes behind it is another message");
        let text = FRAME.to_text(7, 300);
        assert_eq!(text, "memlane:1:5:2:30313233343536373839616263646566:7:300");
        assert_eq!(HandedFrame::from_text(&text), Ok((FRAME, 7, 300)));
    }

    #[test]
    fn what_is_no_frame_is_told() {
        let bytes = FRAME.to_bytes();
        for length in 1..FRAME_BYTES {
            assert_eq!(HandedFrame::from_bytes(&bytes[..length]), Err(NotAFrame::CutShort), "{length}");
        }
        for at in (0..8).chain(12..16) {
            let mut wrong = bytes;
            wrong[at] ^= 0x80;
            assert_eq!(HandedFrame::from_bytes(&wrong), Err(NotAFrame::Foreign), "{at}");
        }
        let mut next = bytes;
        next[8] = 2;
        assert_eq!(HandedFrame::from_bytes(&next), Err(NotAFrame::Version(2)));
    }

    #[test]
    fn what_is_no_text_is_told() {
        let text = FRAME.to_text(7, 8);
        for end in 0..text.rfind(':').unwrap() {
            assert_eq!(HandedFrame::from_text(&text[..end]), Err(NotAFrame::Foreign), "{end}");
        }
        let foreign = ["", "memlane", "7:8", "memlane:1:5:3:0:7:8", "memlane:1:5:2:0:-7:8", "memlane:1:5:2:0:7:8:9"];
        for other in foreign.into_iter().chain(["memlane:1:5:2:x:7:8", "memlane:1:70000:2:0:7:8", "m:1:5:2:0:7:8"]) {
            assert_eq!(HandedFrame::from_text(other), Err(NotAFrame::Foreign), "{other}");
        }
        assert_eq!(HandedFrame::from_text("memlane:2:whatever"), Err(NotAFrame::Version(2)));
    }
}
