//! Single operations on one thread: what they cost without a second core. Private channels, except where a name is
//! what is measured.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memlane::spsc::{Options, Receiver, Sender};
use std::hint::black_box;

fn pair() -> (Sender, Receiver) {
    let channel = Options::new().private().unwrap();
    (channel.sender().unwrap(), channel.receiver().unwrap())
}

/// A message there and out again.
fn send_and_receive<const N: usize>(c: &mut Criterion) {
    let (mut tx, mut rx) = pair();
    let (message, mut buffer) = ([7; N], [0; N]);
    let mut group = c.benchmark_group("spsc");
    group.throughput(Throughput::Bytes(N as u64));
    group.bench_function(format!("try_send + try_recv_into, {N} bytes"), |b| {
        b.iter(|| {
            let message: &[u8; N] = black_box(&message); // of a length that the compiler knows, as in a program
            tx.try_send(message).unwrap();
            let length = rx.try_recv_into(&mut buffer).unwrap();
            black_box(&buffer);
            length
        });
    });
    group.bench_function(format!("reserve + write_at + commit + recv, {N} bytes"), |b| {
        b.iter(|| {
            let mut grant = tx.reserve(N).unwrap();
            let message: &[u8; N] = black_box(&message);
            grant.write_at(0, message).unwrap();
            grant.commit(N).unwrap();
            let length = rx.recv().unwrap().copy_to(&mut buffer).unwrap();
            black_box(&buffer);
            length
        });
    });
    group.finish();
}

/// A message through a queue: a slot is found and filled, committed, taken and acknowledged.
fn take_and_acknowledge(c: &mut Criterion) {
    let channel = memlane::mpmc::Options::new().max_message(48).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let (message, mut buffer) = ([7; 48], [0; 48]);
    let mut group = c.benchmark_group("mpmc");
    group.throughput(Throughput::Bytes(48));
    group.bench_function("reserve + write_at + commit + recv + ack, 48 bytes", |b| {
        b.iter(|| {
            let mut grant = tx.reserve(48).unwrap();
            let message: &[u8; 48] = black_box(&message);
            grant.write_at(0, message).unwrap();
            grant.commit(48).unwrap();
            let message = rx.recv().unwrap();
            message.copy_to(&mut buffer).unwrap();
            black_box(&buffer);
            message.ack().unwrap();
        });
    });
    group.bench_function("try_send + try_recv_into, 48 bytes", |b| {
        b.iter(|| {
            let message: &[u8; 48] = black_box(&message);
            tx.try_send(message).unwrap();
            let length = rx.try_recv_into(&mut buffer).unwrap();
            black_box(&buffer);
            length
        });
    });
    group.finish();
}

/// An empty batch does nothing but look for a sleeper.
fn wake_check(c: &mut Criterion) {
    let (mut tx, _rx) = pair();
    c.bench_function("spsc/wake check", |b| b.iter(|| tx.send_batch(black_box::<[&[u8]; 0]>([])).unwrap()));
}

/// Looking into an empty channel.
fn empty_look(c: &mut Criterion) {
    let (_tx, mut rx) = pair();
    let mut buffer = [0; 8];
    c.bench_function("spsc/look at an empty channel", |b| b.iter(|| rx.try_recv_into(&mut buffer).is_err()));
}

/// Opening a named channel and taking a seat, both undone again.
fn open_and_join(c: &mut Criterion) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let name = folder.path().join("channel").display().to_string();
    let _channel = Options::new().create(&name).unwrap();
    c.bench_function("spsc/open + sender + drop", |b| {
        b.iter(|| drop(memlane::spsc::open(&name).unwrap().sender().unwrap()));
    });
}

criterion_group!(
    operations,
    send_and_receive::<8>,
    send_and_receive::<56>,
    send_and_receive::<1024>,
    take_and_acknowledge,
    wake_check,
    empty_look,
    open_and_join
);
criterion_main!(operations);
