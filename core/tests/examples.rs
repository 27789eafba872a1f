//! The examples, run as the comments at their tops say: as processes that find each other by a channel's name.

mod support;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use support::{Scratch, eventually};

/// The folder in which the examples' programs are: testing alone does not build them, so this does.
fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "memlane", "--examples", "--message-format", "json"]);
        let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{cargo:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        let program = told.split("\"executable\":\"").nth(1).expect("a program").split('"').next().unwrap();
        Path::new(program).parent().unwrap().to_owned()
    })
}

/// A running example. Killed when dropped.
struct Running(Option<Child>);

impl Running {
    /// What it has printed, once it has ended.
    fn output(mut self) -> String {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        assert!(output.status.success(), "{:?}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One run of examples that find each other in a folder of their own.
struct Stage(Scratch);

impl Stage {
    fn new() -> Self {
        Self(Scratch::new())
    }

    fn start(&self, example: &str) -> Running {
        self.start_with(example, Stdio::null())
    }

    fn start_with(&self, example: &str, input: impl Into<Stdio>) -> Running {
        let mut command = Command::new(programs().join(example));
        command.env("MEMLANE_DIR", self.0.path()).stdin(input).stdout(Stdio::piped());
        Running(Some(command.spawn().unwrap()))
    }

    /// The sorted lines that these programs have printed, once they have ended.
    fn lines(&self, programs: impl IntoIterator<Item = Running>) -> Vec<String> {
        let printed: Vec<_> = programs.into_iter().map(Running::output).collect();
        sorted(printed.iter().flat_map(|text| text.lines()).map(str::to_owned))
    }

    /// Waits until so many participants are in the channel.
    fn await_participants(&self, channel: &str, count: usize) {
        let path = self.0.name(&format!("{channel}.lane"));
        let present = || memlane::inspect(&path).map_or(0, |info| info.participants.len());
        eventually("all of them have joined", || present() == count);
    }

    #[track_caller]
    fn assert_left_nothing(&self) {
        assert_eq!(self.0.files(), [""; 0], "the channel was removed");
    }
}

fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines
}

#[test]
fn one_sender_reaches_one_receiver_in_any_order() {
    let prices = sorted((100..110).map(|price| format!("price {price}")));

    let stage = Stage::new();
    let receiver = stage.start("spsc_receiver");
    stage.await_participants("example-prices", 1);
    assert_eq!(stage.lines([stage.start("spsc_sender")]), [""; 0]);
    assert_eq!(stage.lines([receiver]), prices);
    stage.assert_left_nothing();

    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start("spsc_sender")]), [""; 0]);
    assert_eq!(stage.lines([stage.start("spsc_receiver")]), prices);
    stage.assert_left_nothing();
}

#[test]
fn what_one_writes_the_other_reads_in_any_order() {
    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let lines = std::fs::read_to_string(text).unwrap();
    let numbered = sorted((1..).zip(lines.lines()).map(|(number, line)| format!("{number}: {line}")));

    let stage = Stage::new();
    let reader = stage.start("pipe_reader");
    stage.await_participants("example-text", 1);
    assert_eq!(stage.lines([stage.start_with("pipe_writer", File::open(text).unwrap())]), [""; 0]);
    assert_eq!(stage.lines([reader]), numbered);
    stage.assert_left_nothing();

    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start_with("pipe_writer", File::open(text).unwrap())]), [""; 0]);
    assert_eq!(stage.lines([stage.start("pipe_reader")]), numbered);
    stage.assert_left_nothing();
}

#[test]
fn structs_reach_a_program_that_knows_them() {
    let price = |id: u32| 100.0 + f64::from(id) / 4.0;
    let orders = sorted((1..=10).map(|id| format!("order {id}: BTCUSDT at {}", price(id))));

    let stage = Stage::new();
    let receiver = stage.start("typed_receiver");
    stage.await_participants("example-orders", 1);
    let info = memlane::inspect(&stage.0.name("example-orders.lane")).unwrap();
    assert_eq!(info.type_name, "Order{id:u64@0,price:f64@8,symbol:[u8;8]@16}#24/8");
    assert_eq!(stage.lines([stage.start("typed_sender")]), [""; 0]);
    assert_eq!(stage.lines([receiver]), orders);
    stage.assert_left_nothing();

    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start("typed_sender")]), [""; 0]);
    assert_eq!(stage.lines([stage.start("typed_receiver")]), orders);
    stage.assert_left_nothing();
}

#[test]
fn many_senders_reach_one_receiver_in_any_order() {
    let events = |senders| sorted((0..senders).flat_map(|_| (1..=10).map(|event| format!("event {event}"))));

    let stage = Stage::new();
    let receiver = stage.start("mpsc_receiver");
    stage.await_participants("example-events", 1);
    // Without a third sender, the receiver would end if one were done before the other began.
    let third = memlane::mpsc::open(&stage.0.name("example-events.lane")).unwrap().sender().unwrap();
    assert_eq!(stage.lines([stage.start("mpsc_sender"), stage.start("mpsc_sender")]), [""; 0]);
    drop(third);
    assert_eq!(stage.lines([receiver]), events(2));
    stage.assert_left_nothing();

    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start("mpsc_sender"), stage.start("mpsc_sender")]), [""; 0]);
    assert_eq!(stage.lines([stage.start("mpsc_receiver")]), events(2));
    stage.assert_left_nothing();
}

#[test]
fn all_news_reach_every_receiver_in_any_order() {
    let news = |receivers| sorted((0..receivers).flat_map(|_| (1..=10).map(|item| format!("item {item}"))));

    let stage = Stage::new();
    let receivers = [(); 3].map(|()| stage.start("broadcast_receiver"));
    stage.await_participants("example-news", 3);
    assert_eq!(stage.lines([stage.start("broadcast_sender")]), [""; 0]);
    assert_eq!(stage.lines(receivers), news(3));
    stage.assert_left_nothing();

    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start("broadcast_sender")]), [""; 0]);
    assert_eq!(stage.lines([stage.start("broadcast_receiver")]), news(1));
    stage.assert_left_nothing();
}

#[test]
fn a_child_works_by_channels_that_it_inherited() {
    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start("anonymous_parent")]), ["did one", "did three", "did two"]);
    stage.assert_left_nothing();
}

#[test]
fn the_last_value_reaches_every_receiver_in_any_order() {
    let ends = |output: String| {
        let last = output.lines().last().map(str::to_owned);
        assert_eq!(last.as_deref(), Some("limit 10 (version 10)"), "{output}");
    };

    let stage = Stage::new();
    let receivers = [(); 2].map(|()| stage.start("watch_receiver"));
    stage.await_participants("example-limit", 2);
    assert_eq!(stage.lines([stage.start("watch_sender")]), [""; 0]);
    receivers.into_iter().map(Running::output).for_each(ends);
    stage.assert_left_nothing();

    let stage = Stage::new();
    assert_eq!(stage.lines([stage.start("watch_sender")]), [""; 0]);
    ends(stage.start("watch_receiver").output());
    stage.assert_left_nothing();
}

#[test]
fn holders_share_two_licences() {
    let stage = Stage::new();
    // Without a handle of this test's, the channel would go with the first holder if that were done before another one began.
    let options = memlane::semaphore::Options::new().permits(2);
    let channel = options.create(&stage.0.name("example-licences.lane")).unwrap();
    let keeper = channel.semaphore().unwrap();
    let holders = [(); 4].map(|()| stage.start("semaphore_holder"));
    for holder in holders {
        assert_eq!(holder.output(), "job 1\njob 2\njob 3\n");
    }
    drop(keeper);
    assert_eq!(stage.lines([stage.start("semaphore_holder")]), ["job 1", "job 2", "job 3"]);
    stage.assert_left_nothing();
}

#[test]
fn each_call_is_answered_by_one_of_several_servers() {
    let stage = Stage::new();
    let servers = [(); 2].map(|()| stage.start("rpc_server"));
    stage.await_participants("example-squares", 2);
    let squares = sorted((1..=10).map(|number| format!("{number} squared is {}", number * number)));
    assert_eq!(stage.lines([stage.start("rpc_client")]), squares);
    let answered = stage.lines(servers);
    assert_eq!(answered, [""; 0], "they end when the client closes the channel");
    stage.assert_left_nothing();
}

#[test]
fn each_waiter_sees_all_that_happened() {
    let stage = Stage::new();
    let waiters = [(); 2].map(|()| stage.start("event_waiter"));
    stage.await_participants("example-ready", 2);
    assert_eq!(stage.lines([stage.start("event_setter")]), [""; 0]);
    for waiter in waiters {
        assert_eq!(waiter.output(), "bits 0b111\n");
    }
    stage.assert_left_nothing();
}

#[test]
fn each_job_of_several_producers_goes_to_one_of_several_workers() {
    let jobs = |producers| sorted((0..producers).flat_map(|_| (1..=20).map(|job| format!("job {job}"))));

    let stage = Stage::new();
    let workers = ["mpmc_worker", "mpmc_worker", "mpmc_parallel_worker"].map(|worker| stage.start(worker));
    stage.await_participants("example-jobs", 3);
    // Without a third producer, the workers would end if one were done before the other began.
    let third = memlane::mpmc::open(&stage.0.name("example-jobs.lane")).unwrap().sender().unwrap();
    let producers = [stage.start("mpmc_producer"), stage.start("mpmc_pool_producer")];
    assert_eq!(stage.lines(producers), [""; 0]);
    drop(third);
    assert_eq!(stage.lines(workers), jobs(2));
    stage.assert_left_nothing();

    for worker in ["mpmc_worker", "mpmc_parallel_worker"] {
        let stage = Stage::new();
        assert_eq!(stage.lines([stage.start("mpmc_producer")]), [""; 0]);
        assert_eq!(stage.lines([stage.start(worker)]), jobs(1));
        stage.assert_left_nothing();
    }
}

#[test]
fn each_example_is_short_says_how_it_is_run_and_stands_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let mut found = 0;
    for (folder, start) in [("core/examples", "cargo run --example "), ("ffi/examples", "-o ")] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let (file, name) =
                (path.file_name().unwrap().to_str().unwrap(), path.file_stem().unwrap().to_str().unwrap());
            if file == "hello.c" {
                continue; // a process of its own: docs/c.md has it
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.lines().count() < 40, "{file} has 40 lines or more");
            assert!(text.contains(&format!("{start}{name}")), "{file} does not say how it is run");
            assert!(readme.contains(&format!("({folder}/{file})")), "{file} is not named in the README");
            found += 1;
        }
    }
    assert!(found >= 8, "{found} examples");
}
