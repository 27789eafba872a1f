//! Values that a codec writes.

use crate::stage::{Small, everywhere, over_carriers};
use memlane::spsc;
use memlane::typed::{Codec, CodecError, Plain, RecvError, SendError, Unreadable};
use std::time::{Duration, Instant};

over_carriers! {
    values_of_any_length_arrive
}

/// Texts without the letter q.
pub struct NoQ;

impl Codec<str> for NoQ {
    const NAME: &'static str = "no-q";
    type Owned = String;

    fn encode<'a>(value: &'a str, scratch: &'a mut Vec<u8>) -> Result<&'a [u8], CodecError> {
        scratch.clear();
        scratch.extend_from_slice(value.as_bytes());
        if value.contains('q') { Err(CodecError::new("there is a q")) } else { Ok(scratch) }
    }

    fn decode(bytes: &[u8]) -> Result<String, CodecError> {
        let text = String::from_utf8(bytes.to_vec()).map_err(CodecError::new)?;
        if text.contains('q') { Err(CodecError::new("there is a q")) } else { Ok(text) }
    }
}

fn values_of_any_length_arrive<K: Small>() {
    everywhere::<K>(|stage, options| {
        let channel = stage.channel(&options.max_message(200).coded::<str, NoQ>("line/1"));
        assert_eq!(channel.untyped().info().type_name, "no-q(line/1)");
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let text = |length| "x".repeat(length);
        let (long, deadline) = (Duration::from_secs(60), Instant::now() + Duration::from_secs(60));
        for length in [0, 1, 17, 200] {
            tx.send(&text(length)).unwrap();
            assert_eq!(rx.recv().unwrap(), text(length));
            tx.try_send(&text(length)).unwrap();
            assert_eq!(rx.try_recv().unwrap(), text(length));
            tx.send_timeout(&text(length), long).unwrap();
            assert_eq!(rx.recv_timeout(long).unwrap(), text(length));
            tx.send_deadline(&text(length), deadline).unwrap();
            assert_eq!(rx.recv_message_deadline(deadline).unwrap().value().unwrap(), text(length));
        }
        assert!(tx.send(&text(201)).unwrap_err().to_string().contains("at most 200"));
        assert!(matches!(tx.send("quote"), Err(SendError::Unencodable(_))));
        assert!(matches!(tx.try_send("quote"), Err(SendError::Unencodable(_))));
        assert!(rx.try_recv().is_err(), "nothing was sent");
    });
}

#[test]
fn a_message_that_the_codec_does_not_understand_stays() {
    let channel = spsc::Options::new().coded::<str, NoQ>("line/1").private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for bytes in [&b"quote"[..], b"\xff"] {
        tx.untyped_mut().send(bytes).unwrap();
        tx.send("behind it").unwrap();
        for _ in 0..2 {
            assert!(matches!(rx.try_recv(), Err(RecvError::Unreadable(Unreadable::Undecodable(_)))));
            assert_eq!(rx.untyped().len(), 2, "it is still there");
            assert!(matches!(rx.recv(), Err(RecvError::Unreadable(Unreadable::Undecodable(_)))));
            assert_eq!(rx.untyped().len(), 2, "it is still there");
            assert!(rx.recv_many(&mut Vec::new(), 9).is_err());
        }
        assert_eq!(rx.untyped_mut().try_recv().unwrap().to_vec(), bytes);
        assert_eq!(rx.try_recv().unwrap(), "behind it");
    }
}

/// A type that has a schema can go under a name that people agreed on instead.
#[test]
fn plain_is_a_codec_like_others() {
    let channel = spsc::Options::new().coded::<[u16], Plain>("samples").private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(&[1, 2, 3]).unwrap();
    assert_eq!(rx.recv().unwrap(), [1, 2, 3]);
    assert_eq!(<Plain as Codec<u32>>::decode(&[1, 0, 0, 0]).unwrap(), 1);
    assert_eq!(<Plain as Codec<[u16]>>::decode(&[1, 0, 2, 0]).unwrap(), [1, 2]);
    let short = <Plain as Codec<u32>>::decode(&[1]).unwrap_err().to_string();
    assert_eq!(short, "the message has 1 bytes; u32 has 4");
    assert!(<Plain as Codec<[u16]>>::decode(&[1]).is_err());
}

#[cfg(feature = "serde")]
mod postcard {
    use super::*;
    use memlane::OpenError;
    use memlane::typed::Postcard;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
    enum Event {
        Opened { symbol: String },
        Traded(Vec<(u64, f64)>),
        Closed,
    }

    #[test]
    fn what_serde_knows_arrives() {
        let channel = spsc::Options::new().coded::<Event, Postcard>("Event/1").private().unwrap();
        assert_eq!(channel.untyped().info().type_name, "postcard(Event/1)");
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let trades: Vec<_> = (0..1000).map(|number| (number, number as f64)).collect();
        let events = [Event::Opened { symbol: "BTCUSDT".into() }, Event::Traded(trades), Event::Closed];
        for event in &events {
            tx.send(event).unwrap();
        }
        let mut received = Vec::new();
        while received.len() < events.len() {
            rx.recv_many(&mut received, 64).unwrap();
        }
        assert_eq!(received, events);
    }

    #[test]
    fn what_is_cut_short_or_too_long_or_claims_too_much_is_no_value() {
        let channel = spsc::Options::new().coded::<Event, Postcard>("Event/1").private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        // Nothing, an unknown variant, half a text, one byte too many, a vector of 2^63 elements.
        let huge = [&[1][..], &[0xff; 9], &[1]].concat();
        for bytes in [&[][..], &[9], &[0, 7, b'B'], &[2, 0], &huge] {
            tx.untyped_mut().send(bytes).unwrap();
            let refused = rx.recv();
            assert!(
                matches!(refused, Err(RecvError::Unreadable(Unreadable::Undecodable(_)))),
                "{bytes:?}: {refused:?}"
            );
            assert_eq!(rx.untyped_mut().recv().unwrap().to_vec(), bytes);
        }
    }

    #[test]
    fn another_version_is_another_type() {
        let stage = crate::stage::Stage::new(crate::stage::Place::Named);
        let name = stage.name();
        spsc::Options::new().coded::<Event, Postcard>("Event/1").create(&name).unwrap();
        match spsc::Options::new().coded::<Event, Postcard>("Event/2").open(&name) {
            Err(OpenError::TypeMismatch { file, ours, .. }) => {
                assert_eq!((&*file, &*ours), ("postcard(Event/1)", "postcard(Event/2)"));
            }
            other => panic!("{other:?}"),
        }
    }
}
