//! Random SIGKILLs of all sides under load.
//!
//! Senders and receivers run in processes of their own over a small channel. After a random moment one of them, two, or
//! all of a role at once are killed and replaced; some are stopped for a moment before, and go on while others have gone
//! laps ahead, or die where they stand. In the end the senders are killed, too, and the receivers drain the channel and leave. What each kind
//! then checks stands in its file. For all of them: nobody failed by itself, everybody is gone and noticed, and removal
//! leaves no file.

use crate::kinds::{self, Kind, MpmcKillOptions, SpscKillOptions, Trial};
use crate::payload::Payloads;
use crate::phase::{Phase, PhaseCell, PhaseCounts};
use crate::random::{Random, fresh_seed};
use crate::scratch::{Scratch, Worker};
use crate::waking::Waking;
use crate::{feed, watch};
use anyhow::{Result, anyhow, ensure};
use clap::Args;
use memlane::Role;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    /// What kind of channel
    #[arg(long, default_value = "spsc", value_parser = kinds::parser())]
    kind: &'static Kind,
    /// How sleepers are woken
    #[arg(long, value_enum, default_value_t = Waking::Futex)]
    pub backend: Waking,
    /// How many processes to kill
    #[arg(long, default_value_t = 200)]
    kills: u64,
    /// Seed of everything random; printed if it is not given
    #[arg(long)]
    seed: Option<u64>,
    /// Messages carry the lines of this file, plain or `.gz`
    #[arg(long, value_name = "FILE")]
    feed: Option<PathBuf>,
    /// Make the channel under this name, and leave it behind for others to look at
    #[arg(long, value_name = "NAME")]
    keep: Option<String>,
    #[command(flatten)]
    pub spsc: SpscKillOptions,
    #[command(flatten)]
    pub mpmc: MpmcKillOptions,
}

impl Options {
    /// The channel's name.
    pub fn channel(&self, scratch: &Scratch) -> String {
        self.keep.clone().unwrap_or_else(|| scratch.channel())
    }

    /// Where the feed is unpacked, if there is one.
    fn unpacked(&self, scratch: &Scratch) -> Option<PathBuf> {
        self.feed.as_ref().map(|_| scratch.path("feed"))
    }

    /// What messages are made of.
    pub fn payloads(&self, scratch: &Scratch) -> Result<Payloads> {
        Payloads::new(self.unpacked(scratch).as_deref())
    }
}

/// No aim is taken for longer, nor more often; at a newcomer, which has to be started first, once.
const AIM: Duration = Duration::from_micros(500);
const AIMS: u32 = 12;
const NEWCOMERS_AIM: Duration = Duration::from_millis(6);

/// How many there are at a time.
#[derive(Debug, Clone, Copy)]
pub struct Staff {
    pub senders: u32,
    pub receivers: u32,
}

/// A worker that is gone.
pub struct Victim {
    pub role: Role,
    /// Unique among all workers.
    pub number: u32,
    pub journal: PathBuf,
    /// Not so if it left in good order.
    pub killed: bool,
}

/// A worker that is there.
struct Seat {
    role: Role,
    number: u32,
    worker: Worker,
    phase: PhaseCell,
}

impl Seat {
    /// Stops it in this phase, unless that takes too long: then anywhere. A phase may be over before a signal arrives, so what
    /// counts is where it stands.
    fn stop_in(&mut self, phase: Phase) -> Result<()> {
        for _ in 0..AIMS {
            self.phase.wait_for(phase, AIM);
            self.worker.stop()?;
            if self.phase.now() == Some(phase) {
                break;
            }
            self.worker.go_on()?;
        }
        Ok(())
    }
}

struct Run<'a> {
    options: &'a Options,
    scratch: Scratch,
    seed: u64,
    trial: Box<dyn Trial>,
    /// Workers started so far.
    started: u32,
    kills: [u64; 2],
    stops: u64,
    phases: PhaseCounts,
}

pub fn run(options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let scratch = Scratch::new()?;
    if let (Some(source), Some(unpacked)) = (&options.feed, options.unpacked(&scratch)) {
        feed::unpack(source, &unpacked)?;
    }
    let trial = (options.kind.kill)(options, &scratch)?;
    let (kind, kills, backend) = (options.kind.name, options.kills, options.backend);
    println!("torture kill: {kind} with {backend}, seed {seed}, {kills} kills, {}", trial.describe());
    let started = Instant::now();
    let mut run =
        Run { options, scratch, seed, trial, started: 0, kills: [0; 2], stops: 0, phases: PhaseCounts::default() };
    let seats = run.kill_and_replace()?;
    run.drain(seats)?;
    run.close(started)
}

impl Run<'_> {
    fn channel(&self) -> String {
        self.options.channel(&self.scratch)
    }

    fn journal(&self, number: u32) -> PathBuf {
        self.scratch.path(&format!("journal-{number}"))
    }

    fn phase(&self, number: u32) -> PathBuf {
        self.scratch.path(&format!("phase-{number}"))
    }

    fn start(&mut self, role: Role) -> Result<Seat> {
        let number = self.started;
        self.started += 1;
        let role_name = if role == Role::Sender { "sender" } else { "receiver" };
        let mut arguments = vec![self.options.kind.name.to_owned(), role_name.to_owned(), self.channel()];
        arguments.push(format!("--number={number}"));
        arguments.push(format!("--seed={}", self.seed));
        arguments.push(format!("--journal={}", self.journal(number).display()));
        let phase = PhaseCell::create(&self.phase(number))?;
        arguments.push(format!("--phase={}", self.phase(number).display()));
        arguments.extend(self.options.unpacked(&self.scratch).map(|feed| format!("--feed={}", feed.display())));
        Ok(Seat { role, number, worker: Worker::start(&arguments)?, phase })
    }

    /// The worker of this seat is gone.
    fn account_for(&mut self, seat: &Seat, killed: bool) -> Result<()> {
        let journal = self.journal(seat.number);
        let victim = Victim { role: seat.role, number: seat.number, journal, killed };
        self.trial.account_for(&victim)?;
        // Journals of thousands would fill the memory.
        if victim.journal.exists() {
            std::fs::remove_file(&victim.journal)?;
        }
        Ok(std::fs::remove_file(self.phase(seat.number))?)
    }

    fn kill_and_replace(&mut self) -> Result<Vec<Seat>> {
        let Staff { senders, receivers } = self.trial.staff();
        let mut seats = Vec::new();
        for role in (0..senders).map(|_| Role::Sender).chain((0..receivers).map(|_| Role::Receiver)) {
            seats.push(self.start(role)?);
        }
        let mut random = Random::new(self.seed, u64::MAX);
        let mut kills = 0;
        while kills < self.options.kills {
            let max_us = if random.once_in(8) { 8_000 } else { 500 };
            pause(&mut random, max_us);
            let rarest = self.phases.rarest();
            let victims = choose(&seats, rarest, &mut random);
            for &victim in &victims {
                if let [_] = victims[..] {
                    self.stop_perhaps(&mut seats[victim].worker, &mut random)?;
                    seats[victim].stop_in(rarest)?;
                }
                seats[victim].worker.kill()?;
            }
            for &victim in &victims {
                self.gone(&mut seats[victim])?;
            }
            for &victim in &victims {
                seats[victim] = self.start(seats[victim].role)?;
                kills += 1;
            }
            // Some die before they have begun, or while they reap their predecessor.
            while random.once_in(2) {
                let newcomer = &mut seats[victims[0]];
                newcomer.phase.wait_for(self.phases.rarest_of_newcomers(), NEWCOMERS_AIM);
                newcomer.worker.kill()?;
                self.gone(newcomer)?;
                seats[victims[0]] = self.start(seats[victims[0]].role)?;
                kills += 1;
            }
        }
        Ok(seats)
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

    /// Waits for the end of one that was killed, unless it left before.
    fn gone(&mut self, seat: &mut Seat) -> Result<()> {
        let status = seat.worker.wait()?;
        ensure!(status.is_none_or(|status| status == 0), "{:?} {} failed by itself", seat.role, seat.number);
        self.kills[usize::from(seat.role == Role::Receiver)] += u64::from(status.is_none());
        if status.is_none() {
            self.phases.count(seat.phase.now());
        }
        self.account_for(seat, status.is_none())
    }

    /// Kills the senders; the receivers get what is left, and end.
    fn drain(&mut self, mut seats: Vec<Seat>) -> Result<()> {
        // Senders first: a receiver that found none alive may have ended, or be about to.
        seats.sort_by_key(|seat| seat.role == Role::Receiver);
        for seat in &mut seats {
            while !self.gets_on(seat)? {
                self.gone(seat)?;
                *seat = self.start(seat.role)?;
            }
        }
        for seat in seats.iter_mut().filter(|seat| seat.role == Role::Sender) {
            seat.worker.kill()?;
            self.gone(seat)?;
        }
        self.trial.senders_are_gone();
        for seat in seats.iter_mut().filter(|seat| seat.role == Role::Receiver) {
            let mut status = None;
            self.until("a receiver drains the channel and ends", || {
                status = seat.worker.ended()?;
                Ok(status.is_some())
            })?;
            ensure!(status.is_some_and(|status| status.success()), "receiver {} failed", seat.number);
            self.account_for(seat, false)?;
        }
        Ok(())
    }

    /// Looks until it comes true; if it does not, says how the channel stands.
    fn until(&self, what: &str, condition: impl FnMut() -> Result<bool>) -> Result<()> {
        watch::until(what, condition).map_err(|error| match memlane::inspect(&self.channel()) {
            Ok(info) => anyhow!("{error}: {:?}, lanes {:?}, queue {:?}", info.status, info.lanes, info.queue),
            Err(unknown) => anyhow!("{error}: {unknown}"),
        })
    }

    /// Waits until it is there, and receives if it is a receiver. False if it has ended instead.
    fn gets_on(&self, seat: &mut Seat) -> Result<bool> {
        let process = seat.worker.id();
        let (mut before, mut ended) = (None, false);
        self.until("a worker joins and receives", || {
            ended = seat.worker.ended()?.is_some();
            let info = memlane::inspect(&self.channel())?;
            let row = info.participants.iter().find(|one| one.pid == process && watch::is_there(one));
            let Some(messages) = row.map(|row| row.counters.messages) else { return Ok(ended) };
            Ok(ended || seat.role == Role::Sender || messages > *before.get_or_insert(messages))
        })?;
        Ok(!ended)
    }

    fn close(self, started: Instant) -> Result<()> {
        let channel = self.channel();
        let info = memlane::inspect(&channel)?;
        ensure!(watch::everybody_left(&info), "somebody is still there: {info:#?}");
        let [senders, receivers] = self.kills;
        println!(
            "{senders} senders and {receivers} receivers killed, {} of them stopped before; {:.1} s",
            self.stops,
            started.elapsed().as_secs_f64()
        );
        println!("killed while {}", self.phases.describe());
        println!("{}", self.trial.close(&info)?);
        if self.options.keep.is_none() {
            memlane::remove(&channel)?;
            let mut left = self.scratch.files()?;
            left.retain(|name| !name.starts_with("feed"));
            ensure!(left.is_empty(), "files were left: {left:?}");
        }
        println!("torture kill: nothing lost");
        Ok(())
    }
}

/// Mostly one, sometimes two, and sometimes all of a role: then nobody helps where one of them died, and a newcomer finds
/// what they left.
/// One alone is of those who get into the phase that is hit least, for by themselves workers are mostly in those that take
/// long.
fn choose(seats: &[Seat], rarest: Phase, random: &mut Random) -> Vec<usize> {
    let mut one = random.below(seats.len() as u64) as usize;
    match random.below(16) {
        0 => (0..seats.len()).filter(|&seat| seats[seat].role == seats[one].role).collect(),
        1 if seats.len() > 2 => vec![one, (one + 1) % seats.len()],
        _ => {
            while !Phase::of(seats[one].role == Role::Sender).contains(&rarest) {
                one = (one + 1) % seats.len();
            }
            vec![one]
        }
    }
}

fn pause(random: &mut Random, max_us: u64) {
    std::thread::sleep(Duration::from_micros(random.below(max_us)));
}
