//! Region files, forged field by field, with a checksum that fits.

use super::layout;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the header page.
pub const PAGE: usize = 4096;

/// The header page of a region file, to be changed and written back.
#[derive(Clone)]
pub struct Image {
    file: std::rc::Rc<File>,
    page: [u8; PAGE],
}

impl Image {
    /// Reads the header page.
    pub fn load(path: impl AsRef<Path>) -> Self {
        let file = File::options().read(true).write(true).open(path).expect("a region file");
        let mut page = [0; PAGE];
        file.read_exact_at(&mut page, 0).expect("a header page");
        Self { file: file.into(), page }
    }

    /// The bytes of a header field.
    pub fn bytes(&self, field: &str) -> &[u8] {
        &self.page[layout::field("HeaderBlock", field).range()]
    }

    /// A header field as a number.
    pub fn get(&self, field: &str) -> u64 {
        let mut word = [0; 8];
        let bytes = self.bytes(field);
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    }

    /// Changes a header field that is a number.
    pub fn set(&mut self, field: &str, value: u64) -> &mut Self {
        let range = layout::field("HeaderBlock", field).range();
        let bytes = &value.to_le_bytes()[..range.len()];
        self.page[range].copy_from_slice(bytes);
        self
    }

    /// Changes a header field; what is shorter than the field is padded with zeros.
    pub fn set_bytes(&mut self, field: &str, value: &[u8]) -> &mut Self {
        let target = &mut self.page[layout::field("HeaderBlock", field).range()];
        target.fill(0);
        target[..value.len()].copy_from_slice(value);
        self
    }

    /// Changes the status word.
    pub fn set_status(&mut self, word: u64) -> &mut Self {
        let at = layout::structure("StatusCell").at.expect("a fixed place") as usize;
        self.page[at..at + 8].copy_from_slice(&word.to_le_bytes());
        self
    }

    /// The page itself.
    pub fn page(&mut self) -> &mut [u8; PAGE] {
        &mut self.page
    }

    /// What the checksum should be.
    pub fn checksum(&self) -> u32 {
        crc32c::crc32c(&self.page[..layout::field("HeaderBlock", "crc").offset])
    }

    /// Makes the checksum fit.
    pub fn seal(&mut self) -> &mut Self {
        let checksum = self.checksum();
        self.set("crc", checksum.into())
    }

    /// Writes the page back.
    pub fn store(&self) {
        self.file.write_all_at(&self.page, 0).expect("a writable region file");
    }

    /// Writes one byte of the page, as it is in here, back.
    pub fn store_byte(&self, at: usize) {
        self.file.write_all_at(&self.page[at..=at], at as u64).expect("a writable region file");
    }
}

/// Changes header fields of a region file; the checksum fits again.
pub fn forge(path: impl AsRef<Path>, change: impl FnOnce(&mut Image)) {
    let mut image = Image::load(path);
    change(&mut image);
    image.seal().store();
}

/// Makes a region file one from before the last reboot.
pub fn make_stale(path: impl AsRef<Path>) {
    forge(path, |image| {
        image.set_bytes("boot", &[0x11; 16]);
    });
}
