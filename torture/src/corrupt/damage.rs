//! What the third party writes: every byte of the control structures, changed in every simple way, and words at random.

use super::areas::Area;
use crate::random::{Random, mix};
use anyhow::Result;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// How a byte changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Set(u8),
    Flip(u8),
    Add(i8),
}

impl Change {
    fn all() -> impl Iterator<Item = Self> {
        let flips = (0..8).map(|bit| Self::Flip(1 << bit));
        [Self::Set(0), Self::Set(0xff), Self::Add(1), Self::Add(-1)].into_iter().chain(flips)
    }

    fn apply(self, byte: u8) -> u8 {
        match self {
            Self::Set(value) => value,
            Self::Flip(mask) => byte ^ mask,
            Self::Add(difference) => byte.wrapping_add_signed(difference),
        }
    }
}

/// What happens to one channel.
#[derive(Debug, Clone)]
pub enum Damage {
    Nothing,
    Byte {
        area: &'static str,
        at: usize,
        change: Change,
    },
    /// Words at random, before and while the workers go on.
    Words {
        row: u64,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "nothing damaged"),
            Self::Byte { area, at, change } => write!(f, "{area}, offset {at}, {change:?}"),
            Self::Words { row } => write!(f, "random words, row {row}"),
        }
    }
}

/// Every byte of these areas, changed in every way that makes another byte of it, each once.
pub fn every_byte(image: &[u8], areas: &[Area]) -> Vec<Damage> {
    let mut all = Vec::new();
    for area in areas {
        for at in area.range.clone() {
            let mut made = vec![image[at]];
            for change in Change::all() {
                let byte = change.apply(image[at]);
                if !made.contains(&byte) {
                    made.push(byte);
                    all.push(Damage::Byte { area: area.name, at, change });
                }
            }
        }
    }
    all
}

/// Keeps what hits words in use, and of the rest one in `one_in`, which ones the seed says.
pub fn thin_out(all: &mut Vec<Damage>, image: &[u8], seed: u64, one_in: u64) {
    let mut number = 0;
    all.retain(|damage| {
        number += 1;
        let Damage::Byte { area, at, .. } = damage else { return true };
        let word = &image[at / 8 * 8..at / 8 * 8 + 8];
        let is_in_use = !matches!(*area, "header" | "payload") && word.iter().any(|&byte| byte != 0);
        is_in_use || matches!(*area, "records" | "slots") || mix(seed ^ mix(number)).is_multiple_of(one_in)
    });
}

/// Does it.
pub fn inflict(damage: &Damage, file: &File, areas: &[Area], seed: u64) -> Result<()> {
    match *damage {
        Damage::Nothing => {}
        Damage::Byte { at, change, .. } => {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at as u64)?;
            file.write_all_at(&[change.apply(byte[0])], at as u64)?;
        }
        Damage::Words { row } => {
            let mut random = Random::new(seed, row);
            for _ in 0..=random.below(4) {
                scribble(file, areas, &mut random)?;
            }
        }
    }
    Ok(())
}

/// One word somewhere in one of the areas.
pub fn scribble(file: &File, areas: &[Area], random: &mut Random) -> Result<()> {
    let mut area = &areas[random.below(areas.len() as u64) as usize];
    // A wrong status word ends everything, and hides the rest.
    while area.name == "header" && !random.once_in(8) {
        area = &areas[random.below(areas.len() as u64) as usize];
    }
    // Where the words stand that mean something is not where most of the bytes are.
    let words = (area.range.len() / 8).min(if random.once_in(2) { 4 } else { usize::MAX });
    let at = (area.range.start / 8 + random.below(words as u64) as usize) as u64 * 8;
    let mut old = [0; 8];
    file.read_exact_at(&mut old, at)?;
    let word = word(random, u64::from_le_bytes(old));
    Ok(file.write_all_at(&word.to_le_bytes(), at)?)
}

/// A word that is likelier than chance to hit something.
fn word(random: &mut Random, old: u64) -> u64 {
    match random.below(10) {
        0 => 0,
        1 => u64::MAX - random.below(3),
        2 => old ^ 1 << random.below(64),
        3 => old.wrapping_add(random.below(64)).wrapping_sub(32),
        // A record's header.
        4 => random.below(16) << 34 | (1 + random.below(2)) << 32 | random.below(5000),
        // A slot's word, a slot's header, a cell.
        5 => random.below(64) << 19 | random.below(8) << 16 | random.below(8),
        6 => random.below(4) << 48 | random.below(4) << 32 | random.below(200),
        7 => random.below(4) << 16 | random.below(9),
        8 => random.below(16),
        _ => mix(random.below(u64::MAX)),
    }
}
