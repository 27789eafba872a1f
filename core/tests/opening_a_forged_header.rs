//! Opening a file whose header was changed: every field by itself with a checksum that fits, and every byte without.

mod support;

use memlane::spsc::{self, Options};
use memlane::{Backend, JoinError, OpenError};
use support::image::{Image, PAGE, forge};
use support::stage::trust;
use support::{Scratch, assert_same};

fn probe(scratch: &Scratch) -> String {
    let name = scratch.name("probe");
    Options::new().capacity(4096).create(&name).unwrap();
    name
}

/// Opens and exchanges a message; errors are fine, anything else is not.
fn try_to_use(name: &str) -> Result<(), OpenError> {
    let channel = spsc::open(name)?;
    let mut sender = match channel.sender() {
        Ok(sender) => sender,
        Err(JoinError::Corrupted { .. }) => return Ok(()),
        Err(error) => panic!("joining {name}: {error}"),
    };
    sender.send(b"still here").unwrap();
    assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"still here");
    Ok(())
}

#[test]
fn a_wrong_checksum_tells_both() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let mut image = Image::load(&name);
    let right = image.checksum();
    image.set("crc", u64::from(!right)).store();
    let wanted = OpenError::BadHeader {
        channel: name.clone(),
        field: "checksum",
        found: format!("{:#010x}", !right),
        wanted: format!("{right:#010x}"),
    };
    assert_same(&spsc::open(&name).unwrap_err(), &wanted, "the checksum itself");
    image.seal().set("capacity", 8192).store();
    let wanted = OpenError::BadHeader {
        channel: name.clone(),
        field: "checksum",
        found: format!("{right:#010x}"),
        wanted: format!("{:#010x}", image.checksum()),
    };
    assert_same(&spsc::open(&name).unwrap_err(), &wanted, "what it covers");
}

#[test]
fn every_field_is_checked_though_the_checksum_fits() {
    const CAPACITY: &str = "a power of two from 4096 to 2147483648";
    const ALIGNMENT: &str = "a power of two from 8 to 64";
    const RECORD_ALIGNMENT: &str = "a power of two from 8 to 128";
    const MAX_MESSAGE: &str = "at most 7/16 of the capacity (1784)";
    const NAME: &str = "a text that fits its length and hash";
    const LARGE: u64 = 1 << 63;
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let genuine = Image::load(&name);
    // The forged field, its value, and the error: the field that it names, what it found and what it wanted.
    for (forged, value, field, found, wanted) in [
        ("capacity", 0, "capacity", "0", CAPACITY),
        ("capacity", 2048, "capacity", "2048", CAPACITY),
        ("capacity", 4097, "capacity", "4097", CAPACITY),
        ("capacity", 1 << 32, "capacity", "4294967296", CAPACITY),
        ("capacity", LARGE, "capacity", "9223372036854775808", CAPACITY),
        ("capacity", u64::MAX, "capacity", "18446744073709551615", CAPACITY),
        ("capacity", 8192, "total_bytes", "12288", "16384"),
        ("capacity", 1 << 31, "total_bytes", "12288", "2147491840"),
        ("max_message", 1785, "max_message", "1785", MAX_MESSAGE),
        ("max_message", u64::MAX, "max_message", "18446744073709551615", MAX_MESSAGE),
        ("payload_alignment", 0, "payload_alignment", "0", ALIGNMENT),
        ("payload_alignment", 4, "payload_alignment", "4", ALIGNMENT),
        ("payload_alignment", 24, "payload_alignment", "24", ALIGNMENT),
        ("payload_alignment", 128, "payload_alignment", "128", ALIGNMENT),
        ("payload_alignment", 1 << 31, "payload_alignment", "2147483648", ALIGNMENT),
        ("payload_alignment", 64, "record_alignment", "8", "a power of two from 64, the payload_alignment, to 128"),
        ("record_alignment", 0, "record_alignment", "0", RECORD_ALIGNMENT),
        ("record_alignment", 4, "record_alignment", "4", RECORD_ALIGNMENT),
        ("record_alignment", 48, "record_alignment", "48", RECORD_ALIGNMENT),
        ("record_alignment", 256, "record_alignment", "256", RECORD_ALIGNMENT),
        ("record_alignment", 1 << 31, "record_alignment", "2147483648", RECORD_ALIGNMENT),
        ("senders", 0, "senders", "0", "1"),
        ("senders", 2, "senders", "2", "1"),
        ("senders", u32::MAX.into(), "senders", "4294967295", "1"),
        ("receivers", 0, "receivers", "0", "1"),
        ("receivers", u32::MAX.into(), "receivers", "4294967295", "1"),
        ("participants", 3, "participants", "3", "2"),
        ("lanes", 0, "lanes", "0", "1"),
        ("participants_at", 0, "participants_at", "0", "4096"),
        ("control_at", u64::MAX, "control_at", "18446744073709551615", "4608"),
        ("news_at", 4992, "news_at", "4992", "0"),
        ("lanes_at", 1, "lanes_at", "1", "4992"),
        ("gates_at", LARGE, "gates_at", "9223372036854775808", "5504"),
        ("data_at", 4096, "data_at", "4096", "8192"),
        ("total_bytes", 12_289, "total_bytes", "12289", "12288"),
        ("total_bytes", 0, "total_bytes", "0", "12288"),
        ("backend", 0, "wake backend", "0", "1 (futex) or 2 (semaphore)"),
        ("backend", 9, "wake backend", "9", "1 (futex) or 2 (semaphore)"),
        ("backend", 2, "semaphore_bytes", "0", "the size of a semaphore"),
        ("semaphore_bytes", 32, "semaphore_bytes", "32", "0"),
        ("c_library", 1, "c_library", "1", "0"),
        ("c_library", u32::MAX.into(), "c_library", "4294967295", "0"),
        ("fence", 0, "fence mode", "0", "1 (asymmetric) or 2 (symmetric)"),
        ("fence", 3, "fence mode", "3", "1 (asymmetric) or 2 (symmetric)"),
        ("options", 2, "options", "0x2", "only bits of 0x1"),
        ("options", u64::MAX, "options", "0xffffffffffffffff", "only bits of 0x1"),
        ("type_hash", 1, "type name", "\"\"", NAME),
        ("type_name_bytes", 1, "type name", "\"\"", NAME),
        ("type_name_bytes", 513, "type name", "\"\"", NAME),
        ("type_name_bytes", 65_536, "type_name_bytes", "65536", "at most 65535"),
        ("type_name_bytes", u32::MAX.into(), "type_name_bytes", "4294967295", "at most 65535"),
        ("type_size", 8, "type_size", "8", "0, as the type's name says"),
        ("type_alignment", 8, "type_alignment", "8", "0, as the type's name says"),
        ("type_form", 2, "type_form", "2", "0, as the type's name says"),
        ("type_form", 5, "type_form", "5", "a form that this version knows"),
        ("type_form", u32::MAX.into(), "type_form", "4294967295", "a form that this version knows"),
    ] {
        forge(&name, |image| {
            image.set(forged, value);
        });
        let error =
            OpenError::BadHeader { channel: name.clone(), field, found: found.to_owned(), wanted: wanted.to_owned() };
        assert_same(&spsc::open(&name).unwrap_err(), &error, &format!("{forged} = {value}"));
        assert_same(&memlane::inspect(&name).unwrap_err(), &error, &format!("looking, {forged} = {value}"));
        genuine.store();
    }
    try_to_use(&name).unwrap();
}

/// The hash of a type's name, as docs/layout.md has it.
fn hash(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Writes a name into the header, with this hash and these of all the numbers that belong to it.
fn forge_name(name: &str, bytes: &[u8], hash: u64, numbers: [u64; 4]) {
    forge(name, |image| {
        image.set_bytes("type_name", bytes).set("type_hash", hash);
        for (field, number) in ["type_name_bytes", "type_form", "type_size", "type_alignment"].into_iter().zip(numbers)
        {
            image.set(field, number);
        }
    });
}

#[test]
fn a_type_name_has_to_be_text_that_fits_its_hash() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    for (bytes, hash) in [
        (&b"Quote"[..], 0),
        (b"Quote", hash(b"Trade")),
        (b"\xff\xfe", hash(b"\xff\xfe")),
        (b"Quote\0Trade", hash(b"Quote\0Trade")),
        (b"", hash(b"Quote")),
    ] {
        forge_name(&name, bytes, hash, [bytes.len() as u64, 1, 0, 0]);
        match spsc::open(&name) {
            Err(OpenError::BadHeader { field: "type name", .. }) => {}
            other => panic!("{bytes:?}: {other:?}"),
        }
    }
    forge_name(&name, &[b'x'; 512], hash(&[b'x'; 512]), [512, 1, 0, 0]);
    assert_eq!(memlane::inspect(&name).unwrap().type_name, "x".repeat(512), "a name may fill its field");
    try_to_use(&name).unwrap();
}

#[test]
fn form_size_and_alignment_have_to_be_those_that_the_name_says() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let ours = b"[Quote{px:f64@0,qty:u32@8}#16/8]";
    let bytes = ours.len() as u64;
    for (numbers, wrong) in [
        ([bytes, 2, 16, 8], "type_form"),
        ([bytes, 3, 32, 8], "type_size"),
        ([bytes, 3, 16, 16], "type_alignment"),
        ([bytes - 1, 3, 16, 8], "type name"),
        ([bytes + 1, 3, 16, 8], "type name"),
    ] {
        forge_name(&name, ours, hash(ours), numbers);
        match spsc::open(&name) {
            Err(OpenError::BadHeader { field, .. }) => assert_eq!(field, wrong, "{numbers:?}"),
            other => panic!("{numbers:?}: {other:?}"),
        }
    }
    forge_name(&name, ours, hash(ours), [bytes, 3, 16, 8]);
    try_to_use(&name).unwrap();
}

/// What a name says that the header does not keep as a whole nobody can check: it is for people, and opens nothing else.
#[test]
fn a_long_type_name_is_as_long_as_its_field_and_known_by_its_hash() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    let long = "é".repeat(300);
    for kept in [255, 1] {
        forge_name(&name, &long.as_bytes()[..2 * kept], hash(long.as_bytes()), [600, 1, 0, 0]);
        assert_eq!(spsc::open(&name).is_ok(), kept == 255, "{kept} characters");
    }
    forge_name(&name, &long.as_bytes()[..512], hash(long.as_bytes()), [600, 2, 3, 5]);
    let shown = memlane::inspect(&name).unwrap().type_name;
    assert!(shown.starts_with(&"é".repeat(256)) && shown.contains("… (600 bytes, hash "), "{shown}");
    assert!(Options::new().type_name(&long).open(&name).is_err(), "its numbers are others");
    forge_name(&name, &long.as_bytes()[..512], hash(long.as_bytes()), [600, 1, 0, 0]);
    try_to_use(&name).unwrap();
    assert!(Options::new().type_name(&long).open(&name).is_ok());
    for other in [long.clone() + "x", "é".repeat(299) + "ee"] {
        match Options::new().type_name(&other).open(&name) {
            Err(OpenError::TypeMismatch { file, ours, .. }) => assert_ne!(file, ours),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn semaphores_of_another_c_library_are_refused_though_their_size_is_the_same() {
    const MUSL: u64 = 2;
    let scratch = Scratch::new();
    let name = scratch.name("probe");
    let options = Options::new().capacity(4096).backend(Backend::Semaphore).trust_peers(trust());
    options.create(&name).unwrap();
    assert!(options.open(&name).is_ok());
    let ours = Image::load(&name).get("semaphore_bytes");
    forge(&name, |image| {
        image.set("c_library", MUSL);
    });
    let wanted = OpenError::ForeignSemaphores {
        channel: name.clone(),
        file: format!("musl, of {ours} bytes"),
        ours: format!("glibc, of {ours} bytes"),
    };
    assert_same(&options.open(&name).unwrap_err(), &wanted, "opening");
    assert!(memlane::inspect(&name).is_ok(), "looking touches no semaphore");
}

#[test]
fn fields_that_are_for_people_may_say_anything() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    forge(&name, |image| {
        image.set("creator_pid", u32::MAX.into()).set("created_unix_ns", u64::MAX);
    });
    let info = memlane::inspect(&name).unwrap();
    assert_eq!((info.creator_pid, info.created_unix_ns), (u32::MAX, u64::MAX));
    try_to_use(&name).unwrap();
}

#[test]
fn an_instance_that_is_not_the_lock_files_is_refused() {
    let scratch = Scratch::new();
    let name = probe(&scratch);
    forge(&name, |image| {
        image.set_bytes("instance", &[0xab; 16]);
    });
    let path = format!("{name}.{}.lock", "ab".repeat(16));
    assert_same(&spsc::open(&name).unwrap_err(), &OpenError::LockFile { channel: name.clone(), path }, "instance");
}

/// Changes every byte of the header page in turn. Whoever opens the file then is refused with a typed error, or uses a
/// channel that works.
#[test]
fn no_single_byte_of_the_header_page_does_harm() {
    std::thread::scope(|scope| {
        for masks in [&[0x01, 0x02][..], &[0x80, 0xff]] {
            scope.spawn(move || {
                let scratch = Scratch::new();
                let name = probe(&scratch);
                let genuine = Image::load(&name);
                for &mask in masks {
                    change_every_byte(&name, &genuine, mask);
                }
            });
        }
    });
}

fn change_every_byte(name: &str, genuine: &Image, mask: u8) {
    let checked = 1024;
    let status = 1024..1032;
    for at in 0..PAGE {
        let mut image = genuine.clone();
        image.page()[at] ^= mask;
        image.store_byte(at);
        let outcome = try_to_use(name);
        if at < checked || status.contains(&at) {
            assert!(outcome.is_err(), "byte {at} ^ {mask:#x} was not noticed");
        } else if let Err(error) = outcome {
            panic!("byte {at} ^ {mask:#x}, which means nothing: {error}");
        }
        genuine.store_byte(at);
    }
    try_to_use(name).unwrap();
}
