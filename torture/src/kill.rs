//! Random SIGKILLs of all sides under load.
//!
//! Senders and receivers run in processes of their own over a small channel. After a random moment one of them, two, or
//! all of a role at once are killed and replaced; some are stopped for a moment before, and go on while others have gone
//! laps ahead, or die where they stand. Now and then nobody comes for them until those that stay have settled what they held: a
//! newcomer reaps, and would hide that nobody else does. In the end the senders are killed, too, and the receivers drain the channel and leave.
//! What is then checked stands in `lanes` and in `slots`. For all of them: nobody failed by itself, everybody is gone and noticed, and
//! removal leaves no file.
//!
//! Aim is taken at the phase of a worker's life in which the fewest were killed so far, over all kinds and backends: with
//! enough kills, each phase has to have its part of them.

use crate::feed;
use crate::life::{Life, Seat};
use crate::phase::{Phase, PhaseCounts};
use crate::random::{Random, fresh_seed};
use crate::scratch::{Scratch, Worker};
use crate::selection::Selection;
use crate::subject::{Kind, Shapes, Site};
use crate::waking::Waking;
use crate::watch;
use anyhow::{Result, ensure};
use clap::Args;
use memlane::{ParticipantInfo, ParticipantState, Role};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    channels: Selection,
    /// How many processes to kill, in all
    #[arg(long, default_value_t = 5_000)]
    kills: u64,
    /// Seed of everything random; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Messages carry the lines of this file, plain or `.gz`
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,
    /// Make the channel under this name, and leave it behind for others to look at
    #[arg(long, value_name = "NAME", requires = "kind", requires = "backend")]
    keep: Option<String>,
}

/// No aim is taken for longer, nor more often; at a newcomer, which has to be started first, once. Next to other work it takes
/// longer until a worker gets anywhere: so aim is taken for longer where too few were killed so far.
const AIM: Duration = Duration::from_micros(500);
const AIM_AT_THE_RARE: Duration = Duration::from_millis(5);
const AIMS: u32 = 12;
const NEWCOMERS_AIM: Duration = Duration::from_millis(6);

/// Stops it in this phase, unless that takes too long: then anywhere. A phase may be over before a signal arrives, so what
/// counts is where it stands.
fn stop_in(seat: &mut Seat, phase: Phase, aim: Duration) -> Result<()> {
    for _ in 0..AIMS {
        seat.phase.wait_for(phase, aim);
        seat.worker.stop()?;
        if seat.phase.now() == Some(phase) {
            break;
        }
        seat.worker.go_on()?;
    }
    Ok(())
}

/// One time in so many, nobody comes for the dead until those that stay have settled what they held.
const ALONE: u64 = 32;

/// In each phase, at least this part of the kills: in per cent, where there are enough to tell.
const PHASE_PERCENT_MIN: f64 = 5.0;
const ENOUGH: u64 = 1_000;

struct Run<'a> {
    kind: &'a dyn Kind,
    options: &'a Options,
    life: Life,
    /// How many are killed when it is over, in this life and those before.
    killed_max: u64,
    stops: u64,
    /// Deaths that were settled while nobody joined, and the longest that one took.
    alone: u64,
    longest: Duration,
}

/// Over channels of these kinds and shapes.
pub fn run(options: &Options, shapes: &Shapes, kinds: &[&'static dyn Kind]) -> Result<()> {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let started = Instant::now();
    let channels = options.channels.channels(kinds)?;
    let mut phases = PhaseCounts::default();
    for (&(kind, waking), left) in channels.iter().zip((1..=channels.len() as u64).rev()) {
        let kills = options.kills.saturating_sub(phases.total()).div_ceil(left);
        phases = run_one(options, shapes, kind, waking, seed, kills, phases)?;
    }
    let killed = phases.total();
    println!("{killed} killed in {:.1} s, while {}", started.elapsed().as_secs_f64(), phases.describe());
    let possible: Vec<_> = channels.iter().flat_map(|(kind, _)| phases_of(*kind)).collect();
    let rarest = phases.least(&possible);
    let percent = phases.percent(rarest);
    ensure!(
        killed < ENOUGH || percent >= PHASE_PERCENT_MIN,
        "only {percent:.1} % were killed while {}: at least {PHASE_PERCENT_MIN} % are wanted",
        rarest.name()
    );
    println!("torture kill: nothing lost");
    Ok(())
}

/// One channel. Returns the phases of all that were killed so far.
fn run_one(
    options: &Options,
    shapes: &Shapes,
    kind: &dyn Kind,
    waking: Waking,
    seed: u64,
    kills: u64,
    phases: PhaseCounts,
) -> Result<PhaseCounts> {
    let scratch = Scratch::new()?;
    let channel = options.keep.clone().unwrap_or_else(|| scratch.channel());
    let site = Site { channel, waking, feed: options.feed.as_ref().map(|_| scratch.path("feed")) };
    if let (Some(source), Some(unpacked)) = (&options.feed, &site.feed) {
        feed::unpack(source, unpacked)?;
    }
    let trial = kind.create(shapes, &site)?;
    println!("torture kill: {} with {waking}, seed {seed}, {kills} kills, {}", kind.name(), trial.describe());
    let started = Instant::now();
    let mut life = Life::new(kind.name(), site, scratch, seed, trial);
    let killed_max = phases.total() + kills;
    life.phases = phases;
    let mut run = Run { kind, options, life, killed_max, stops: 0, alone: 0, longest: Duration::ZERO };
    let seats = run.kill_and_replace(seed)?;
    run.life.drain(seats)?;
    run.close(started)
}

impl Run<'_> {
    fn kill_and_replace(&mut self, seed: u64) -> Result<Vec<Seat>> {
        let possible = phases_of(self.kind);
        let mut seats = self.life.start_all()?;
        let mut random = Random::new(seed, u64::MAX);
        while self.life.phases.total() < self.killed_max {
            let max_us = if random.once_in(8) { 8_000 } else { 500 };
            pause(&mut random, max_us);
            let rarest = self.life.phases.rarest(&possible);
            let is_rare = self.life.phases.total() > 100 && self.life.phases.percent(rarest) < 1.4 * PHASE_PERCENT_MIN;
            let aim = if is_rare { AIM_AT_THE_RARE } else { AIM };
            let victims = self.choose(&seats, rarest, &mut random);
            for &victim in &victims {
                if let [_] = victims[..] {
                    self.stop_perhaps(&mut seats[victim].worker, &mut random)?;
                    stop_in(&mut seats[victim], rarest, aim)?;
                }
                seats[victim].worker.kill()?;
            }
            for &victim in &victims {
                self.life.gone(&mut seats[victim])?;
            }
            if random.once_in(ALONE) {
                self.settle_without_joins(&mut seats, &victims)?;
            }
            for &victim in &victims {
                seats[victim] = self.life.start(seats[victim].role)?;
            }
            // Some die before they have begun, or while they reap their predecessor.
            while random.once_in(3) {
                let newcomer = &mut seats[victims[0]];
                newcomer.phase.wait_for(self.life.phases.rarest_of_newcomers(), NEWCOMERS_AIM);
                newcomer.worker.kill()?;
                self.life.replace(newcomer)?;
            }
        }
        Ok(seats)
    }

    /// Those that stay have to settle what the dead ones held by themselves, however busy they are.
    fn settle_without_joins(&mut self, seats: &mut [Seat], victims: &[usize]) -> Result<()> {
        let started = Instant::now();
        let dead: Vec<_> = victims.iter().map(|&victim| seats[victim].worker.id()).collect();
        watch::until("the dead are settled, though nobody joins", || {
            let info = memlane::inspect(self.life.channel())?;
            let is_unsettled = |one: &ParticipantInfo| one.state == ParticipantState::Live && dead.contains(&one.pid);
            // Those that found no sender alive may have ended: then there is nobody to settle anything.
            let mut stays = false;
            for (_, seat) in seats.iter_mut().enumerate().filter(|(at, _)| !victims.contains(at)) {
                stays |= seat.worker.ended()?.is_none();
            }
            Ok(!stays || !info.participants.iter().any(is_unsettled))
        })?;
        self.alone += 1;
        self.longest = self.longest.max(started.elapsed());
        Ok(())
    }

    /// Some stand still before they die, and others go on before they do.
    fn stop_perhaps(&mut self, worker: &mut Worker, random: &mut Random) -> Result<()> {
        if random.once_in(4) {
            self.stops += 1;
            worker.stop()?;
            pause(random, 3_000);
            if random.once_in(2) {
                worker.go_on()?;
                pause(random, 1_000);
            }
        }
        Ok(())
    }

    /// Mostly one, sometimes two, and sometimes all of a role: then nobody helps where one of them died, and a newcomer finds
    /// what they left.
    /// One alone is of those who get into the phase that is hit least, for by themselves workers are mostly in those that take
    /// long.
    fn choose(&self, seats: &[Seat], rarest: Phase, random: &mut Random) -> Vec<usize> {
        let mut one = random.below(seats.len() as u64) as usize;
        match random.below(16) {
            0 => (0..seats.len()).filter(|&seat| seats[seat].role == seats[one].role).collect(),
            1 if seats.len() > 2 => vec![one, (one + 1) % seats.len()],
            _ => {
                while !self.kind.phases(seats[one].role == Role::Sender).contains(&rarest) {
                    one = (one + 1) % seats.len();
                }
                vec![one]
            }
        }
    }

    fn close(mut self, started: Instant) -> Result<PhaseCounts> {
        let [senders, receivers] = self.life.killed;
        println!(
            "{senders} senders and {receivers} receivers killed, {} of them stopped before; {} times nobody came until all was \
             settled, after {:.0?} at most; {:.1} s",
            self.stops,
            self.alone,
            self.longest,
            started.elapsed().as_secs_f64()
        );
        let phases = std::mem::take(&mut self.life.phases);
        let (closing, _) = self.life.close(self.options.keep.is_some())?;
        println!("{}", closing.text);
        Ok(phases)
    }
}

/// In which phases workers of this kind can die.
fn phases_of(kind: &dyn Kind) -> Vec<Phase> {
    [true, false].into_iter().flat_map(|sends| kind.phases(sends)).copied().collect()
}

fn pause(random: &mut Random, max_us: u64) {
    std::thread::sleep(Duration::from_micros(random.below(max_us)));
}
