//! A third party overwrites the file while senders and receivers, in processes of their own, go on with safe calls.
//!
//! Every byte of the control structures is set to 0 and to 0xff, has each bit flipped, and becomes one more and one less,
//! each in a channel of its own in which both workers hold something; then random words are written, before and while
//! they go on. Checked:
//! - nobody panics and no signal ends anybody;
//! - no call returns later than 200 ms after its deadline, less what it waited for a processor; one without a deadline, after
//!   somebody closed the channel;
//! - no message comes that is longer than the channel allows;
//! - damage to payload alone is delivered as such, and is never called corruption; nor is no damage.
//!
//! Then whole images that are wrong all over, in the largest channels there are: what they cost in time. See `images`.
//!
//! The semaphore backend is no part of this: its participants have to trust each other (`docs/safety.md`).

mod areas;
mod board;
mod calls;
mod corruptible;
mod crew;
mod damage;
mod images;
mod parts;
mod patterns;
mod probe;
mod shift;
pub mod worker;

use self::areas::{Area, areas};
use self::crew::{Crew, Fault, Tally};
use self::damage::Damage;
use self::probe::{CORRUPTED, DAMAGED, OVERLONG};
use crate::random::{Random, fresh_seed};
use crate::scratch::Scratch;
use crate::selection::{parser, some, wanted};
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::time::Instant;

pub use corruptible::Corruptible;
pub use images::{Call, DEADLINE, SLICE, attack, done, look, within};
pub use probe::{LENGTH, RESCUE, message};
pub use shift::Shift;

#[derive(Args)]
pub struct Options {
    /// What kind of channel; all if not given
    #[arg(long, value_parser = parser())]
    kind: Option<memlane::Kind>,
    /// Seed of everything random; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Change only the byte at this offset of the file, in every way
    #[arg(long)]
    offset: Option<usize>,
    /// Two of the kinds, and of the bytes that are zero and of the header's only some, as the seed says
    #[arg(long)]
    quick: bool,
    /// Only this part; else both
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// In how many channels random words are written
    #[arg(long, default_value_t = 3000)]
    rounds: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Single bytes, and random words.
    Bytes,
    /// Images that are wrong all over, in the largest channels.
    Patterns,
}

/// Channels that are damaged at once.
const BATCH: usize = 48;

/// Words that are written into the channels of a batch while the workers go on.
const WORDS_MEANWHILE: usize = 500;

pub fn run(options: &Options, kinds: &[&'static dyn Corruptible]) -> Result<()> {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let kinds = if options.quick { some(options.kind, kinds, seed) } else { wanted(options.kind, kinds).collect() };
    if options.only != Some(Part::Patterns) {
        bytes(options, &kinds, seed)?;
    }
    // Who looks for one byte has found its pattern already.
    if options.only != Some(Part::Bytes) && options.offset.is_none() {
        println!("torture corrupt: images that are wrong all over, with futexes");
        let mut late = Vec::new();
        kinds.iter().try_for_each(|kind| kind.attack(&mut late))?;
        ensure!(late.is_empty(), "bytes cost time:\n  {}", late.join("\n  "));
    }
    println!("torture corrupt: every call returned, and nobody was hurt");
    Ok(())
}

fn bytes(options: &Options, kinds: &[&'static dyn Corruptible], seed: u64) -> Result<()> {
    for &kind in kinds {
        println!("torture corrupt: {} with futexes (semaphores trust their peers), seed {seed}", kind.name());
        let started = Instant::now();
        let (mut attack, all) = Attack::plan(kind, options, seed)?;
        for batch in all.chunks(BATCH) {
            attack.batch(batch)?;
        }
        attack.close(started)?;
    }
    Ok(())
}

struct Attack {
    kind: &'static dyn Corruptible,
    seed: u64,
    /// Dropped before the folder that it works in.
    crew: Crew,
    scratch: Scratch,
    areas: Vec<Area>,
    /// By area: how many were damaged, and in how many somebody said so.
    counts: BTreeMap<&'static str, [u64; 2]>,
}

impl Attack {
    /// Looks at a channel that nobody damages, and draws up what is to be done to others.
    fn plan(kind: &'static dyn Corruptible, options: &Options, seed: u64) -> Result<(Self, Vec<Damage>)> {
        let scratch = Scratch::new()?;
        let crew = Crew::start(kind.name(), &scratch.path(""))?;
        let mut attack = Self { kind, seed, crew, scratch, areas: Vec::new(), counts: BTreeMap::new() };
        let image = attack.batch(&[Damage::Nothing])?;
        attack.areas = areas(&image);
        let mut all = damage::every_byte(&image, &attack.areas);
        if options.quick {
            damage::thin_out(&mut all, &image, seed, 16);
        }
        match options.offset {
            Some(offset) => all.retain(|damage| matches!(damage, Damage::Byte { at, .. } if *at == offset)),
            None => all.extend((0..options.rounds).map(|row| Damage::Words { row })),
        }
        ensure!(!all.is_empty(), "nothing of interest stands there");
        Ok((attack, all))
    }

    /// Damages a channel each. Returns what the first one's file held before.
    fn batch(&mut self, batch: &[Damage]) -> Result<Vec<u8>> {
        let folder = self.scratch.path("");
        let mut files = Vec::new();
        for case in 0..batch.len() {
            let name = shift::channel(&folder, case);
            self.kind.create_tiny(&name)?;
            files.push(OpenOptions::new().read(true).write(true).open(&name)?);
        }
        self.crew.prepare(batch.len()).map_err(|fault| self.failure(batch, &fault))?;
        let image = std::fs::read(shift::channel(&folder, 0))?;
        for (damage, file) in batch.iter().zip(&files) {
            damage::inflict(damage, file, &self.areas, self.seed)?;
        }
        self.crew.go_on();
        self.write_meanwhile(batch, &files)?;
        let flags = self.crew.finish().map_err(|fault| self.failure(batch, &fault))?;
        for (case, damage) in batch.iter().enumerate() {
            let flags = flags.iter().fold(0, |all, flags| all | flags[case]);
            self.judge(damage, flags).map_err(|what| self.failure(batch, &Fault { case: Some(case), what }))?;
        }
        for name in self.scratch.files()?.iter().filter(|name| name.starts_with("channel-")) {
            std::fs::remove_file(self.scratch.path(name))?;
        }
        Ok(image)
    }

    /// While the workers go on, words are written into the channels that are up for it.
    fn write_meanwhile(&self, batch: &[Damage], files: &[File]) -> Result<()> {
        let rows = batch.iter().zip(files).filter_map(|(damage, file)| match damage {
            Damage::Words { row } => Some((file, Random::new(!self.seed, *row))),
            _ => None,
        });
        let mut rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return Ok(());
        }
        // The workers begin with the last.
        rows.reverse();
        for write in 0..WORDS_MEANWHILE {
            let count = rows.len();
            let (file, random) = &mut rows[(write * count / WORDS_MEANWHILE + write % 3) % count];
            damage::scribble(file, &self.areas, random)?;
        }
        Ok(())
    }

    /// Whether what was said is what may be said.
    fn judge(&mut self, damage: &Damage, flags: u8) -> Result<(), String> {
        let (area, is_corrupted, is_damaged) = match damage {
            Damage::Nothing => ("nothing", flags & CORRUPTED != 0, flags & DAMAGED != 0),
            Damage::Byte { area, .. } => (*area, flags & CORRUPTED != 0, flags & DAMAGED != 0),
            Damage::Words { .. } => ("random words", flags & CORRUPTED != 0, false),
        };
        let count = self.counts.entry(area).or_default();
        count[0] += 1;
        count[1] += u64::from(is_corrupted);
        match area {
            _ if flags & OVERLONG != 0 => Err("a message came that is longer than the channel allows".into()),
            "nothing" | "payload" | "value" if is_corrupted => {
                Err("somebody was told that the channel is corrupted".into())
            }
            "nothing" if is_damaged => Err("a message came that nobody sent".into()),
            "payload" if !is_damaged => Err("the damage was not delivered".into()),
            _ => Ok(()),
        }
    }

    fn failure(&self, batch: &[Damage], fault: &Fault) -> anyhow::Error {
        let damage = fault.case.and_then(|case| batch.get(case));
        let (kind, seed, what) = (self.kind.name(), self.seed, &fault.what);
        let offset = match damage {
            Some(Damage::Byte { at, .. }) => format!(" --offset {at}"),
            _ => String::new(),
        };
        let damage = damage.map_or_else(|| "before anything was damaged".to_owned(), ToString::to_string);
        anyhow::anyhow!("{kind}: {damage}: {what}; again: torture corrupt --kind {kind} --seed {seed}{offset}")
    }

    /// Says what was done and how calls ended.
    fn close(self, started: Instant) -> Result<()> {
        let mut tally = Tally::default();
        if let Err(fault) = self.crew.dismiss(&mut tally) {
            bail!(fault.what);
        }
        for area in areas::NAMES.into_iter().chain(["random words"]) {
            if let Some([damaged, told]) = self.counts.get(area) {
                println!("{area:14} {damaged:6} channels, {told:6} of them called corrupted");
            }
        }
        for (call, ends) in &tally.counts {
            let ends: Vec<String> = ends.iter().map(|(end, count)| format!("{end} {count}")).collect();
            println!("{call:18} {}", ends.join(", "));
        }
        let longest = tally.longest.iter().max_by_key(|(_, nanoseconds)| **nanoseconds);
        let (call, nanoseconds) = longest.context("no call was made")?;
        let seconds = started.elapsed().as_secs_f64();
        println!("longest beyond a deadline: {:.1} ms, {call}; {seconds:.1} s", *nanoseconds as f64 / 1e6);
        Ok(())
    }
}
