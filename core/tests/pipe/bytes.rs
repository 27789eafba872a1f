//! What goes in comes out.

use crate::{everywhere, pipe, read_to_end, stream};
use memlane::pipe::Reader;
use memlane::spsc::Options;
use memlane::{Backend, SendError};
use std::io::{BufRead, ErrorKind, IoSlice, IoSliceMut, Read, Write};

use crate::support::stage::trust;

#[test]
fn a_write_is_one_record_of_an_eighth_of_the_ring_at_most() {
    everywhere(|channel| {
        let channel = channel();
        let (mut writer, mut reader) = pipe(&channel);
        assert_eq!(writer.chunk(), 504);
        assert_eq!(writer.write(&stream(0, 10)).unwrap(), 10);
        assert_eq!(writer.write(&stream(10, 20)).unwrap(), 20);
        assert_eq!(writer.write(&stream(30, 9000)).unwrap(), 504);
        assert_eq!(writer.get_ref().len(), 3);
        let mut bytes = vec![0; 600];
        // The first record of a reader tells it where the others are.
        reader.read_exact(&mut bytes[..5]).unwrap();
        assert!(reader.read(&mut bytes[5..]).unwrap() > 20, "more than one record, as far as they are at hand");
        assert_eq!(bytes[..30], stream(0, 30));
        drop(writer);
        bytes.clear();
    });
    let chunk = |options: Options| crate::Writer::from(options.private().unwrap().sender().unwrap()).chunk();
    assert_eq!(chunk(Options::new()), (128 << 10) - 8);
    assert_eq!(chunk(Options::new().capacity(4096).payload_alignment(64)), 512 - 64);
    assert_eq!(chunk(Options::new().max_message(100)), 100);
}

#[test]
fn what_is_larger_than_the_ring_is_written_while_it_is_read() {
    everywhere(|channel| {
        let (mut writer, mut reader) = pipe(&channel());
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(&stream(0, 100_000)).unwrap());
            assert!(read_to_end(&mut reader) == (stream(0, 100_000), None));
        });
    });
}

#[test]
fn nothing_is_written_of_nothing_and_records_without_bytes_are_skipped() {
    everywhere(|channel| {
        let (mut writer, mut reader) = pipe(&channel());
        assert_eq!(writer.write(&[]).unwrap(), 0);
        assert_eq!(writer.write_vectored(&[IoSlice::new(&[]), IoSlice::new(&[])]).unwrap(), 0);
        assert!(writer.get_ref().is_empty());
        for _ in 0..3 {
            writer.get_mut().send(b"").unwrap();
            writer.write_all(b"x").unwrap();
            writer.get_mut().send(b"").unwrap();
        }
        writer.flush().unwrap();
        let mut one = [0];
        reader.read_exact(&mut one).unwrap();
        assert_eq!(one, *b"x");
        assert_eq!(reader.read(&mut []).unwrap(), 0, "that is no end of the file");
        assert_eq!(reader.fill_buf().unwrap(), b"x");
        drop(writer);
        assert_eq!(read_to_end(&mut reader), (b"xx".to_vec(), None));
    });
}

#[test]
fn a_flood_of_records_without_bytes_keeps_no_call_beyond_its_time() {
    let channel = Options::new().private().unwrap();
    let (mut writer, mut reader) = pipe(&channel);
    for _ in 0..5000 {
        writer.get_mut().send(b"").unwrap();
    }
    reader.set_nonblocking(true);
    assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!((3000..5000).contains(&reader.get_ref().len()), "it gave up before it had skipped them all");
    reader.set_nonblocking(false);
    writer.write_all(b"at last").unwrap();
    let mut bytes = [0; 8];
    assert_eq!(reader.read(&mut bytes).unwrap(), 7);
}

#[test]
fn several_slices_are_gathered_into_one_record_and_scattered_over_several_buffers() {
    everywhere(|channel| {
        let (mut writer, mut reader) = pipe(&channel());
        let parts = [b"one ".to_vec(), vec![], b"two ".to_vec(), b"three".to_vec()];
        let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part)).collect();
        assert_eq!(writer.write_vectored(&slices).unwrap(), 13);
        assert_eq!(writer.get_ref().len(), 1);
        let (mut head, mut none, mut tail) = ([0; 5], [0; 0], [0; 20]);
        let mut buffers = [&mut head[..], &mut none, &mut tail].map(IoSliceMut::new);
        assert_eq!(reader.read_vectored(&mut buffers).unwrap(), 13);
        assert_eq!((&head, &tail[..8]), (b"one t", &b"wo three"[..]));

        let long = [stream(0, 400), stream(400, 400)];
        let slices = long.each_ref().map(|part| IoSlice::new(part));
        assert_eq!(writer.write_vectored(&slices).unwrap(), 504);
        drop(writer);
        assert_eq!(read_to_end(&mut reader), (stream(0, 504), None));
    });
}

#[test]
fn bytes_are_lent_until_they_are_consumed() {
    let lend = |trusting: bool, backend: Backend| {
        let options = Options::new().capacity(1 << 20).backend(backend);
        let (mut writer, mut reader) = pipe(&options.private().unwrap());
        if trusting {
            reader = reader.trust_peers(trust());
        }
        writer.write_all(&stream(0, 100_000)).unwrap();
        writer.write_all(&stream(100_000, 10)).unwrap();
        drop(writer);
        let mut position = 0;
        for count in [0, 1, 5000, 65_535, 3, 65_536, 65_537].into_iter().cycle() {
            let lent = reader.fill_buf().unwrap();
            if lent.is_empty() {
                break;
            }
            assert!(trusting || lent.len() <= 65_536, "a copy of bounded size");
            assert!(lent == stream(position, lent.len()), "at {position}");
            let again = lent.to_vec();
            assert!(reader.fill_buf().unwrap() == again, "nothing was consumed");
            // More than what was lent is all of that.
            position += count.min(again.len());
            reader.consume(count);
            if count == 3 {
                let mut bytes = [0; 2];
                reader.read_exact(&mut bytes).unwrap();
                assert_eq!(bytes[..], stream(position, 2));
                position += 2;
            }
        }
        assert_eq!(position, 100_010);
        reader.consume(7);
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
    };
    for backend in [Backend::Futex, Backend::Semaphore] {
        lend(false, backend);
        lend(true, backend);
    }
}

#[test]
fn a_record_in_place_is_lent_as_a_whole() {
    let (mut writer, reader) = memlane::pipe::pair().unwrap();
    let mut reader = reader.trust_peers(trust());
    writer.write_all(&stream(0, 120_000)).unwrap();
    let first = reader.fill_buf().unwrap().as_ptr();
    reader.consume(20_000);
    let lent = reader.fill_buf().unwrap();
    assert_eq!((lent.len(), lent.as_ptr()), (100_000, first.wrapping_add(20_000)), "nothing was copied");
}

/// A reader that goes in the middle of a record leaves that record to its successor, from its first byte on.
#[test]
fn what_was_not_consumed_is_there_for_the_next_reader() {
    everywhere(|channel| {
        let channel = channel();
        let (mut writer, mut reader) = pipe(&channel);
        writer.write_all(b"first").unwrap();
        writer.write_all(b"second").unwrap();
        let mut bytes = [0; 7];
        reader.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"firstse");
        drop(reader);
        let mut reader = Reader::from(channel.receiver().unwrap());
        assert_eq!(reader.fill_buf().unwrap(), b"second");
        reader.consume(3);
        let mut receiver = reader.into_inner();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"second", "that is acknowledged");
        drop(writer);
        assert_eq!(read_to_end(&mut Reader::from(receiver)), (vec![], None));
    });
}

#[test]
fn a_sender_that_was_a_writer_goes_on_as_one() {
    everywhere(|channel| {
        let channel = channel();
        let (writer, reader) = pipe(&channel);
        let mut sender = writer.into_inner();
        sender.send(b"message").unwrap();
        let mut receiver = reader.into_inner();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"message");
        drop(receiver);
        assert_eq!(sender.send(b"message"), Err(SendError::Disconnected));
    });
}
