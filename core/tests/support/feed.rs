//! The recorded market feed, or where the recording is absent a generated one of the same shape: lines from 150 bytes to 42 kB.

use flate2::read::GzDecoder;
use std::fs::File;
use std::io::Read;

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/btcusdt_20240808.gz");

/// All of it, with the newlines.
pub fn feed() -> Vec<u8> {
    let mut feed = Vec::new();
    match File::open(RECORDING) {
        Ok(recording) => {
            GzDecoder::new(recording).read_to_end(&mut feed).unwrap();
        }
        Err(_) => {
            eprintln!("{RECORDING} is absent: a generated feed takes its place");
            for number in 0..90_000_u64 {
                let levels = if number.is_multiple_of(1000) { 2500 } else { 5 + number % 13 };
                feed.extend_from_slice(format!("{} {{\"b\":[", 1_723_161_255_030_314_667 + number).as_bytes());
                feed.extend_from_slice(br#"["61496.50","0.1"],"#.repeat(levels as usize).as_slice());
                feed.extend_from_slice(b"]}\n");
            }
        }
    }
    feed
}
