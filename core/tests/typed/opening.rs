//! Channels of another type, and programs that know no type.

use crate::stage::{Order, Place, Stage};
use memlane::typed::{Plain, Schema, schema_of};
use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
use memlane::{OpenError, TypeForm, any, mpmc, spsc};

/// The same bytes as [`Order`], called otherwise.
#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Trade {
    id: u64,
    px: f64,
    tag: [u8; 8],
}

mod renamed {
    use super::*;

    #[derive(Schema, FromBytes, IntoBytes, Immutable)]
    #[repr(C)]
    pub struct Order {
        pub id: u64,
        pub price: f64,
        pub tag: [u8; 8],
    }
}

mod moved {
    use super::*;

    #[derive(Schema, FromBytes, IntoBytes, Immutable)]
    #[repr(C)]
    pub struct Order {
        pub px: f64,
        pub id: u64,
        pub tag: [u8; 8],
    }
}

#[track_caller]
fn assert_names_both<T>(opened: Result<T, OpenError>, theirs: &str, other: &str) {
    match opened {
        Err(error @ OpenError::TypeMismatch { .. }) => {
            let text = error.to_string();
            assert!(text.contains(&format!("of type {theirs}, and was opened for {other};")), "{text}");
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("opened as {other}"),
    }
}

#[test]
fn a_channel_of_another_type_is_refused_and_both_are_named() {
    let stage = Stage::new(Place::Named);
    let name = stage.name();
    spsc::Options::new().of::<Order>().create(&name).unwrap();
    let open = || spsc::Options::new();
    assert_names_both(open().of::<Trade>().open(&name), Order::NAME, &schema_of::<Trade>());
    assert_names_both(open().of::<renamed::Order>().open(&name), Order::NAME, &schema_of::<renamed::Order>());
    assert_names_both(open().of::<moved::Order>().open(&name), Order::NAME, &schema_of::<moved::Order>());
    assert_names_both(open().of::<[Order]>().open(&name), Order::NAME, &schema_of::<[Order]>());
    assert_names_both(open().of::<[Order; 1]>().open(&name), Order::NAME, &schema_of::<[Order; 1]>());
    assert_names_both(open().of::<[u64; 3]>().open_or_create(&name), Order::NAME, "[u64;3]");
    assert_names_both(open().coded::<Order, Plain>("Order").open(&name), Order::NAME, "plain(Order)");
    assert_names_both(any::Options::default().of::<u64>().open(&name), Order::NAME, "u64");
    assert_names_both(open().type_name("").open(&name), Order::NAME, "bytes");

    spsc::Options::new().of::<Order>().open(&name).unwrap();
    spsc::Options::new().of::<Order>().open_or_create(&name).unwrap();
    any::Options::default().of::<Order>().open(&name).unwrap();
    any::Options::default().of::<Order>().open_or_create(&name).unwrap();
    let wrong_kind = mpmc::Options::new().of::<u64>().open(&name).unwrap_err();
    assert!(matches!(wrong_kind, OpenError::WrongKind { .. }), "{wrong_kind}");
}

#[test]
fn descriptors_of_another_type_are_refused() {
    let channel = mpmc::Options::new().of::<Order>().anonymous().unwrap();
    let descriptors = || {
        let (region, locks) = channel.untyped().descriptors().unwrap();
        (region.try_clone_to_owned().unwrap(), locks.try_clone_to_owned().unwrap())
    };
    let (region, locks) = descriptors();
    assert_names_both(
        mpmc::Options::new().of::<Trade>().open_descriptors(region, locks),
        Order::NAME,
        &schema_of::<Trade>(),
    );
    let (region, locks) = descriptors();
    let mut rx = mpmc::Options::new().of::<Order>().open_descriptors(region, locks).unwrap().receiver().unwrap();
    channel.sender().unwrap().send(&Order::of(7)).unwrap();
    assert_eq!(rx.recv().unwrap(), Order::of(7));
}

#[test]
fn a_program_that_knows_no_type_may_take_part() {
    let stage = Stage::new(Place::Named);
    let name = stage.name();
    let channel = spsc::Options::new().of::<Order>().create(&name).unwrap();
    channel.sender().unwrap().send(&Order::of(7)).unwrap();
    let mut rx = any::open(&name).unwrap().receiver().unwrap();
    assert_eq!(rx.recv().unwrap().read::<[u64; 3]>().unwrap()[0], 7);
    drop(rx);
    // One in another language gives the name as a literal.
    let mut tx = spsc::Options::new().type_name(Order::NAME).open(&name).unwrap().sender().unwrap();
    tx.send(Order::of(8).as_bytes()).unwrap();
    assert_eq!(channel.receiver().unwrap().recv().unwrap(), Order::of(8));
}

#[test]
fn an_untyped_channel_or_one_with_a_name_alone_is_no_typed_one() {
    let stage = Stage::new(Place::Named);
    let (untyped, named) = (stage.name(), stage.name());
    spsc::Options::new().create(&untyped).unwrap();
    spsc::Options::new().type_name("Order").create(&named).unwrap();
    assert_names_both(spsc::Options::new().of::<Order>().open(&untyped), "bytes", Order::NAME);
    assert_names_both(spsc::Options::new().of::<Order>().open(&named), "Order", Order::NAME);
}

#[test]
fn a_literal_creates_what_a_typed_program_opens() {
    let stage = Stage::new(Place::Named);
    for kind in any::KINDS {
        let name = stage.name();
        let by_literal = any::Options::new(*kind).type_name(Order::NAME).create(&name).unwrap();
        assert_eq!(by_literal.max_message(), 24);
        let typed = any::Options::default().of::<Order>().open(&name).unwrap();
        let mut receiver = typed.receiver().unwrap();
        typed.sender().unwrap().send(&Order::of(7)).unwrap();
        assert_eq!(receiver.recv().unwrap(), Order::of(7));
        let info = memlane::inspect(&name).unwrap();
        assert_eq!((info.type_form, info.type_size, info.type_alignment), (TypeForm::One, 24, 8));
    }
}

#[test]
fn what_a_creator_chose_holds_for_typed_openers() {
    let stage = Stage::new(Place::Named);
    let name = stage.name();
    let channel =
        mpmc::Options::new().slots(4).max_message(8).payload_alignment(32).of::<Order>().create(&name).unwrap();
    let mut tx = mpmc::Options::new().of::<Order>().open(&name).unwrap().sender().unwrap();
    let refused = tx.send(&Order::of(7)).unwrap_err();
    assert!(refused.to_string().contains("takes at most 8"), "{refused}");
    assert_eq!(channel.untyped().info().payload_alignment, 32);
    // A queue of values takes no more memory than it needs.
    let small = mpmc::Options::new().of::<u64>().private().unwrap().untyped().info();
    assert_eq!((small.max_message, small.queue.unwrap().slots), (8, 1024));
}

/// A type whose name is longer than what the header keeps of it.
macro_rules! long {
    ($name:ident $last:ident) => {
        #[derive(Schema, FromBytes, IntoBytes, Immutable)]
        #[repr(C)]
        #[schema(name = "Long")]
        struct $name {
            a_field_that_has_a_long_name: [Order; 9],
            another_field_that_has_a_long_name: [Order; 9],
            a_third_field_that_has_a_long_name: [Order; 9],
            a_fourth_field_that_has_a_long_name: [Order; 9],
            a_fifth_field_that_has_a_long_name: [Order; 9],
            a_sixth_field_that_has_a_long_name: [Order; 9],
            $last: [Order; 9],
        }
    };
}

long!(Long the_last_field);
long!(Other some_other_field);

#[test]
fn types_that_differ_behind_what_the_header_keeps_are_told_apart() {
    let (ours, other) = (schema_of::<Long>(), schema_of::<Other>());
    assert!(ours.len() > 512 && ours[..512] == other[..512], "{}", ours.len());
    let stage = Stage::new(Place::Named);
    let name = stage.name();
    let channel = spsc::Options::new().of::<Long>().create(&name).unwrap();
    assert_eq!(channel.untyped().max_message(), size_of::<Long>());
    spsc::Options::new().of::<Long>().open(&name).unwrap();
    match spsc::Options::new().of::<Other>().open(&name) {
        Err(OpenError::TypeMismatch { file, ours, .. }) => {
            assert!(file.starts_with("Long{a_field") && file.contains("… (") && file != ours, "{file} {ours}");
        }
        other => panic!("{other:?}"),
    }
    let info = memlane::inspect(&name).unwrap();
    assert!(info.type_name.starts_with(&ours[..512]) && info.type_name.contains(&format!("{} bytes", ours.len())));
}
