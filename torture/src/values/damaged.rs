//! What both ends of a value do while a third party overwrites the file: the calls of `corrupt::calls` and `corrupt::images`, without
//! messages.

use super::{Watch, opened};
use crate::corrupt::{Call, Corruptible, DEADLINE, LENGTH, RESCUE, SLICE, Shift, attack, done, look, message, within};
use anyhow::{Result, ensure};
use memlane::watch::{Channel, Options, ReadOnlyReceiver, Receiver, Sender};
use std::time::Duration;

/// How long calls with a deadline wait.
const SHORT: Duration = Duration::from_millis(1);

/// The longest value of a channel whose words are damaged all over.
const LONGEST: usize = 64 << 10;

impl Corruptible for Watch {
    fn create_tiny(&self, name: &str) -> Result<()> {
        Options::new().max_message(LENGTH).max_receivers(1).create(name)?;
        Ok(())
    }

    /// Three values are set in every channel.
    fn send(&self, shift: &mut Shift, cases: usize) -> Result<()> {
        let mut all = Vec::new();
        for case in 0..cases {
            let name = shift.channel(case);
            let channel = Options::new().open(&name)?;
            let mut tx = channel.sender()?;
            for number in 1..=3 {
                tx.set(&message(number))?;
            }
            all.push((name, channel, tx));
        }
        shift.stand_by()?;
        while let Some((name, channel, tx)) = all.pop() {
            shift.probe.about(all.len());
            set(shift, &name, &channel, tx);
        }
        Ok(())
    }

    /// The latest value of every channel was seen. Another receiver there only reads.
    fn receive(&self, shift: &mut Shift, cases: usize) -> Result<()> {
        let mut all = Vec::new();
        for case in 0..cases {
            let name = shift.channel(case);
            let (channel, mut reader) = (Options::new().open(&name)?, Options::new().open_read_only(&name)?);
            let mut rx = channel.receiver()?;
            ensure!(rx.get()? == message(3) && reader.get()? == message(3), "another value before anything is damaged");
            all.push((name, channel, rx, reader));
        }
        shift.stand_by()?;
        while let Some((name, channel, rx, reader)) = all.pop() {
            shift.probe.about(all.len());
            get(shift, &name, &channel, (rx, reader));
        }
        Ok(())
    }

    fn attack(&self, late: &mut Vec<String>) -> Result<()> {
        attack(self, &calls(), Handles::prepare, late)
    }
}

/// What a sender does in one channel.
fn set(shift: &mut Shift, name: &str, channel: &Channel, mut tx: Sender) {
    let probe = &mut shift.probe;
    probe.now("set", || tx.set(&message(4)));
    probe.ends("info", || channel.info());
    probe.ends("leave", || drop(tx));

    probe.now("inspect", || memlane::inspect(name));
    let Some(channel) = probe.now("open", || Options::new().open(name)) else { return };
    let Some(mut tx) = probe.now("join", || channel.sender()) else { return };
    for number in 5..8 {
        probe.now("set", || tx.set(&message(number)));
    }
    probe.ends("leave", || tx.leave());
}

/// What the receivers do in one channel.
fn get(shift: &mut Shift, name: &str, channel: &Channel, (mut rx, mut reader): (Receiver, ReadOnlyReceiver)) {
    let (probe, mut buffer) = (&mut shift.probe, [0; LENGTH]);
    probe.max_message = channel.max_message();
    if let Some(value) = probe.now("try_get", || rx.try_get()) {
        probe.received(&value);
    }
    if let Some(length) = probe.now("get_into", || rx.get_into(&mut buffer)) {
        probe.received(&buffer[..length]);
    }
    if let Some(value) = probe.now("get_read_only", || reader.get()) {
        probe.received(&value);
    }
    probe.ends("has_changed", || rx.has_changed());
    if let Some(value) = probe.within(SHORT, "changed_timeout", || rx.changed_timeout(SHORT)) {
        probe.received(&value);
    }
    if let Some(value) = probe.within(SHORT, "changed_timeout_read_only", || reader.changed_timeout(SHORT)) {
        probe.received(&value);
    }
    probe.within(SHORT, "wait_for_timeout", || rx.wait_for_timeout(|_| false, SHORT));
    probe.ends("info", || channel.info());
    probe.ends("leave", || drop((rx, reader)));

    probe.now("inspect", || memlane::inspect(name));
    if let Some(mut reader) = probe.now("open_read_only", || Options::new().open_read_only(name)) {
        probe.now("get_read_only", || reader.get());
    }
    let Some(channel) = probe.now("open", || Options::new().open(name)) else { return };
    let Some(mut rx) = probe.now("join", || channel.receiver()) else { return };
    let rescued = channel.clone();
    probe.guard(move || rescued.close());
    for _ in 0..3 {
        if let Some(value) = probe.within(RESCUE, "changed", || rx.changed()) {
            probe.received(&value);
        }
    }
    probe.within(RESCUE, "wait_for", || rx.wait_for(|_| false));
    probe.unguard();
    probe.ends("leave", || drop(rx));
}

/// Handles of a channel that had work in hand before it was damaged.
struct Handles {
    name: String,
    channel: Channel,
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
    reader: ReadOnlyReceiver,
}

impl Handles {
    /// Some values were set, and one was seen that is not the latest.
    fn prepare(name: String) -> Result<Self> {
        Options::new().max_message(LONGEST).max_receivers(1023).create(&name)?;
        let channel = opened(&name)?;
        let (mut tx, mut rx, reader) = (channel.sender()?, channel.receiver()?, Options::new().open_read_only(&name)?);
        for number in 0..32 {
            tx.set(&[number; LONGEST])?;
        }
        rx.get()?;
        tx.set(&[32; LONGEST])?;
        Ok(Self { name, channel, senders: vec![tx], receivers: vec![rx], reader })
    }
}

/// All calls.
fn calls() -> [Call<Handles>; 20] {
    const NOW: Duration = Duration::ZERO;
    [
        within(NOW, "set", |h| done(h.senders[0].set(b"more"))),
        within(NOW, "get", |h| done(h.receivers[0].get())),
        within(NOW, "try_get", |h| done(h.receivers[0].try_get())),
        within(NOW, "get, read-only", |h| done(h.reader.get())),
        within(DEADLINE, "changed_timeout", |h| done(h.receivers[0].changed_timeout(DEADLINE))),
        within(DEADLINE, "wait_for_timeout", |h| done(h.receivers[0].wait_for_timeout(|_| false, DEADLINE))),
        within(DEADLINE, "changed_timeout, read-only", |h| done(h.reader.changed_timeout(DEADLINE))),
        Call {
            first: |h| done(h.receivers[0].get()),
            ..within(SLICE, "changed_timeout, over a slice", |h| done(h.receivers[0].changed_timeout(SLICE)))
        },
        Call {
            first: |h| done(h.reader.get()),
            ..within(SLICE, "changed_timeout, read-only, over a slice", |h| done(h.reader.changed_timeout(SLICE)))
        },
        look("info", |h| done(h.channel.info())),
        look("inspect", |h| done(memlane::inspect(&h.name))),
        look("open", |h| done(Options::new().open(&h.name))),
        look("open_read_only", |h| done(Options::new().open_read_only(&h.name))),
        look("join as sender", |h| h.senders.extend(h.channel.sender())),
        look("join as receiver", |h| h.receivers.extend(h.channel.receiver())),
        look("leave as sender", |h| h.senders.clear()),
        look("leave as receiver", |h| h.receivers.clear()),
        look("close", |h| h.channel.close()),
        look("remove", |h| done(memlane::remove(&h.name))),
        look("remove_forced", |h| done(memlane::remove_forced(&h.name))),
    ]
}
