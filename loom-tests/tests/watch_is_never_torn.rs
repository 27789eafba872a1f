//! Readers of a watch get complete values, in the order in which they were set, whatever the writer does meanwhile: it goes on, or it
//! dies anywhere and another one goes on behind the last complete value. A reader that sleeps is woken by each value.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::parking::{BACKENDS, Backend, Event};
use memlane_loom_tests::watch::{LoomWatch, get, set};
use std::rc::Rc;

/// The writer comes round to the slot that is being read.
#[test]
fn a_value_is_complete_or_it_does_not_count() {
    let overtaken = Witness::of("the writer comes round");
    let saw = overtaken.clone();
    Model::bounded("watch: a writer and a reader", 4).check(move || {
        let watch = LoomWatch::with(10);
        let (mut writer, mut reader) = (watch.writer(), watch.reader());
        let writing = thread::spawn(move || [20, 31].into_iter().for_each(|number| set(&mut writer, number)));
        for _ in 0..2 {
            match get(&mut reader) {
                Some((version, number)) => assert_eq!(number, [0, 10, 20, 31][version as usize]),
                None => saw.sees_it(),
            }
        }
        writing.join().unwrap();
        assert_eq!(get(&mut reader), Some((3, 31)), "nobody writes: one try is enough");
    });
    overtaken.testifies();
}

/// The writer comes round to a slot between the reader's look at the root and that at the slot, and again while the reader asks
/// itself why the slot is not what the root said.
#[test]
fn a_slot_that_is_being_written_is_no_damage() {
    Model::bounded("watch: a writer comes round twice", 3).check(|| {
        let watch = LoomWatch::with(10);
        let (mut writer, mut reader) = (watch.writer(), watch.reader());
        let writing = thread::spawn(move || [20, 30, 40].into_iter().for_each(|number| set(&mut writer, number)));
        if let Some((version, number)) = get(&mut reader) {
            assert_eq!(number, version * 10);
        }
        writing.join().unwrap();
    });
}

/// The version that each reader returns never goes back, and each version has one value.
#[test]
fn two_readers_agree() {
    Model::bounded("watch: two readers", 2).check(|| {
        let watch = LoomWatch::new();
        let mut writer = watch.writer();
        let read = |watch: &LoomWatch, times: usize| {
            let mut reader = watch.reader();
            let got: Vec<_> = (0..times).filter_map(|_| get(&mut reader)).collect();
            assert!(got.iter().all(|&(version, number)| number == [0, 11, 20][version as usize]), "{got:?}");
        };
        let its_watch = watch.clone();
        let reading = thread::spawn(move || read(&its_watch, 1));
        let writing = thread::spawn(move || [11, 20].into_iter().for_each(|number| set(&mut writer, number)));
        read(&watch, 2);
        reading.join().unwrap();
        writing.join().unwrap();
    });
}

/// A writer that dies anywhere leaves the value before, or the one that it has just set, and its successor goes on behind that.
#[test]
fn a_writer_dies_and_another_one_goes_on() {
    Model::bounded("watch: a writer dies", 2).check_crashes(|crash| {
        let watch = LoomWatch::with(10);
        let (mut reader, its_watch, crash) = (watch.reader(), watch.clone(), crash.clone());
        let writing = thread::spawn(move || {
            let mut dying = its_watch.writer();
            crash.of(|| [21, 31].into_iter().for_each(|number| set(&mut dying, number)));
            let mut successor = its_watch.writer();
            let found = successor.version();
            set(&mut successor, 40);
            found
        });
        let got = [get(&mut reader), get(&mut reader)];
        let found = writing.join().unwrap();
        for (version, number) in got.into_iter().flatten() {
            let expected = if version > found { 40 } else { [0, 10, 21, 31][version as usize] };
            assert_eq!(number, expected, "version {version}, the dead one left {found}");
        }
        assert_eq!(get(&mut reader), Some((found + 1, 40)), "the successor goes on behind the last complete value");
    });
}

/// A value that was set stays readable, wherever the writer dies.
#[test]
fn what_a_dead_writer_leaves_is_the_last_complete_value() {
    Model::bounded("watch: what a dead writer leaves", 3).check_crashes(|crash| {
        let watch = LoomWatch::with(10);
        let (mut writer, mut reader, crash) = (watch.writer(), watch.reader(), crash.clone());
        let dying =
            thread::spawn(move || crash.of(|| [21, 30].into_iter().for_each(|number| set(&mut writer, number))));
        let early = get(&mut reader);
        dying.join().unwrap();
        let (version, number) = get(&mut reader).expect("nobody writes: one try is enough");
        assert_eq!(number, [0, 10, 21, 30][version as usize]);
        assert!(early.is_none_or(|(earlier, _)| earlier <= version));
    });
}

/// A reader waits for a change as a channel's does: it looks again behind its flag.
#[test]
fn a_change_wakes_its_reader() {
    for backend in BACKENDS {
        let sleep = Witness::of("the reader sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("watch: a change wakes", 3)).check(move || changes_wake(backend, &asleep));
        sleep.testifies();
    }
}

fn changes_wake(backend: Backend, sleep: &Witness) {
    let (watch, event) = (LoomWatch::new(), Rc::new(Event::new(backend, sleep)));
    let (mut writer, mut reader, its_event) = (watch.writer(), watch.reader(), Rc::clone(&event));
    let writing = thread::spawn(move || {
        for number in [11, 20] {
            set(&mut writer, number);
            its_event.notify();
        }
    });
    let mut seen = 0;
    while seen < 2 {
        let (version, _) = event.wait(|| if reader.has_changed() { get(&mut reader) } else { None });
        assert!(version > seen, "version {version} again");
        seen = version;
    }
    writing.join().unwrap();
}
