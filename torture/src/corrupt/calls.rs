//! The calls of both ends, the same for every kind.
//!
//! Each end first holds something in every channel: a sender has three messages sent and room reserved, a receiver has one
//! message released and one in hand. The calls of one channel stand on the stack above those of the one before it, since
//! what is held borrows from its handle.

use super::probe::{LENGTH, Probe, RESCUE, message};
use super::shift::Shift;
use crate::subject::{ChannelOf, OptionsOf, Subject};
use anyhow::Result;
use memlane::JoinError;
use std::time::Duration;

/// How long calls with a deadline wait.
const DEADLINE: Duration = Duration::from_millis(1);

/// Looks at a channel, opens it anew and joins it. Calls without deadlines follow: it is guarded.
fn join_again<K: Subject, E>(
    probe: &mut Probe,
    name: &str,
    join: fn(&ChannelOf<K>) -> Result<E, JoinError>,
) -> Option<(ChannelOf<K>, E)> {
    probe.now("inspect", || memlane::inspect(name));
    let channel = probe.now("open", || OptionsOf::<K>::new().open(name))?;
    let end = probe.now("join", || join(&channel))?;
    let rescued = channel.clone();
    probe.guard(move || rescued.close());
    Some((channel, end))
}

/// What a sender does from this channel on.
pub fn send<K: Subject>(shift: &mut Shift, case: usize, cases: usize) -> Result<()> {
    if case == cases {
        return shift.stand_by();
    }
    let name = shift.channel(case);
    let channel = OptionsOf::<K>::new().open(&name)?;
    let mut tx = channel.sender()?;
    tx.send(&message(1))?;
    tx.send_batch([message(2), message(3)])?;
    let mut grant = tx.reserve(LENGTH)?;
    send::<K>(shift, case + 1, cases)?;

    let probe = &mut shift.probe;
    probe.about(case);
    probe.now("write_at", || grant.write_at(0, &message(4)));
    probe.now("commit", || grant.commit(LENGTH));
    probe.now("try_send", || tx.try_send(&message(5)));
    if let Some(grant) = probe.now("try_reserve", || tx.try_reserve(LENGTH)) {
        probe.ends("abort", || drop(grant));
    }
    probe.within(DEADLINE, "send_timeout", || tx.send_timeout(&message(6), DEADLINE));
    if let Some(mut grant) = probe.within(DEADLINE, "reserve_timeout", || tx.reserve_timeout(LENGTH, DEADLINE)) {
        probe.now("write_at", || grant.write_at(0, &message(7)));
        probe.now("commit", || grant.commit(LENGTH));
    }
    probe.ends("info", || channel.info());
    probe.ends("leave", || drop(tx));

    let Some((_channel, mut tx)) = join_again::<K, _>(probe, &name, ChannelOf::<K>::sender) else { return Ok(()) };
    probe.within(RESCUE, "send_batch", || tx.send_batch([message(8), message(9)]).map_err(|stop| stop.error));
    probe.within(RESCUE, "send", || tx.send(&message(10)));
    if let Some(mut grant) = probe.within(RESCUE, "reserve", || tx.reserve(LENGTH)) {
        probe.now("write_at", || grant.write_at(0, &message(11)));
        probe.now("commit", || grant.commit(LENGTH));
    }
    probe.unguard();
    probe.ends("leave", || tx.leave());
    Ok(())
}

/// What a receiver does from this channel on.
pub fn receive<K: Subject>(shift: &mut Shift, case: usize, cases: usize) -> Result<()> {
    if case == cases {
        return shift.stand_by();
    }
    let name = shift.channel(case);
    let channel = OptionsOf::<K>::new().open(&name)?;
    let mut rx = K::receiver(&channel)?;
    let mut buffer = [0; LENGTH];
    rx.recv_into(&mut buffer)?;
    let held = rx.recv()?;
    receive::<K>(shift, case + 1, cases)?;

    let probe = &mut shift.probe;
    probe.about(case);
    probe.max_message = channel.max_message();
    probe.received(&held.to_vec());
    if case.is_multiple_of(3) {
        probe.now("nack", || held.nack());
    } else {
        probe.now("ack", || held.ack());
    }
    if let Some(message) = probe.now("try_recv", || rx.try_recv()) {
        probe.received(&message.to_vec());
    }
    if let Some(batch) = probe.now("try_recv_batch", || rx.try_recv_batch(3)) {
        batch.iter().for_each(|message| probe.received(&message.to_vec()));
    }
    if let Some(message) = probe.within(DEADLINE, "recv_timeout", || rx.recv_timeout(DEADLINE)) {
        probe.received(&message.to_vec());
        probe.now("ack", || message.ack());
    }
    if let Some(batch) = probe.within(DEADLINE, "recv_batch_timeout", || rx.recv_batch_timeout(3, DEADLINE)) {
        batch.iter().for_each(|message| probe.received(&message.to_vec()));
    }
    if let Some(length) = probe.now("try_recv_into", || rx.try_recv_into(&mut buffer)) {
        probe.received(&buffer[..length]);
    }
    probe.ends("info", || channel.info());
    probe.ends("leave", || drop(rx));

    let Some((_channel, mut rx)) = join_again::<K, _>(probe, &name, K::receiver) else { return Ok(()) };
    if let Some(message) = probe.within(RESCUE, "recv", || rx.recv()) {
        probe.received(&message.to_vec());
    }
    if let Some(length) = probe.within(RESCUE, "recv_into", || rx.recv_into(&mut buffer)) {
        probe.received(&buffer[..length]);
    }
    // To the end, which a channel of so many bytes has.
    for _ in 0..16 {
        let Some(batch) = probe.within(RESCUE, "recv_batch", || rx.recv_batch(3)) else { break };
        batch.iter().for_each(|message| probe.received(&message.to_vec()));
    }
    probe.unguard();
    probe.ends("leave", || rx.leave());
    Ok(())
}
