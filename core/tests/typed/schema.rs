//! The names of types: what the derive macro writes.

use memlane::spsc;
use memlane::typed::{Schema, schema_of};
use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Nothing {}

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Two(u32, f32);

/// As in a program that depends on memlane alone.
#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[zerocopy(crate = "memlane::zerocopy")]
#[repr(transparent)]
struct Price(i64);

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Pair<T> {
    first: T,
    second: T,
}

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Grid<const N: usize> {
    cells: [[u8; N]; 2],
}

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C, packed)]
struct Wire {
    kind: u8,
    length: u32,
}

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
#[repr(align(16))]
struct Wide {
    r#type: u64,
    größe: u64,
}

/// The macro finds memlane where it is told to.
mod elsewhere {
    pub mod inner {
        pub use memlane::{typed, zerocopy};
    }
}

#[derive(Schema, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
#[schema(crate = elsewhere::inner, name = "pair_of_prices")]
struct Prices<T> {
    #[schema(name = "bid")]
    best: T,
    ask: T,
}

#[test]
fn a_struct_is_named_with_its_fields_and_their_offsets() {
    assert_eq!(schema_of::<Nothing>(), "Nothing{}#0/1");
    assert_eq!(schema_of::<Two>(), "Two{0:u32@0,1:f32@4}#8/4");
    assert_eq!(schema_of::<Price>(), "Price{0:i64@0}#8/8");
    assert_eq!(schema_of::<Pair<u16>>(), "Pair{first:u16@0,second:u16@2}#4/2");
    assert_eq!(
        schema_of::<Pair<Two>>(),
        "Pair{first:Two{0:u32@0,1:f32@4}#8/4@0,second:Two{0:u32@0,1:f32@4}#8/4@8}#16/4"
    );
    assert_eq!(schema_of::<Grid<3>>(), "Grid{cells:[[u8;3];2]@0}#6/1");
    assert_eq!(schema_of::<Wire>(), "Wire{kind:u8@0,length:u32@1}#5/1");
    assert_eq!(schema_of::<Wide>(), "Wide{type:u64@0,größe:u64@8}#16/16");
    assert_eq!(schema_of::<Prices<Price>>(), "pair_of_prices{bid:Price{0:i64@0}#8/8@0,ask:Price{0:i64@0}#8/8@8}#16/8");
    assert_eq!(schema_of::<[Two; 2]>(), format!("[{};2]", schema_of::<Two>()));
    assert_eq!(schema_of::<[Two]>(), format!("[{}]", schema_of::<Two>()));
    assert_eq!((schema_of::<usize>(), schema_of::<isize>()), ("u64".into(), "i64".into()));
}

/// Sends one value of each through a channel, whose header tells its size.
#[test]
fn every_such_struct_can_be_sent() {
    fn goes<T: Schema + std::fmt::Debug + PartialEq>(value: &T) {
        let channel = spsc::Options::new().of::<T>().private().unwrap();
        let info = channel.untyped().info();
        assert_eq!((info.type_size as usize, info.type_alignment as usize), (size_of::<T>(), align_of::<T>()));
        assert_eq!(info.max_message, size_of::<T>() as u64);
        channel.sender().unwrap().send(value).unwrap();
        assert_eq!(&channel.receiver().unwrap().recv().unwrap(), value);
    }
    goes(&7_u8);
    goes(&-7_i16);
    goes(&u128::MAX);
    goes(&[1.5_f32; 100]);
    goes(&[[0_u16; 3]; 0]);

    let channel = spsc::Options::new().of::<Nothing>().private().unwrap();
    channel.sender().unwrap().send(&Nothing {}).unwrap();
    let Nothing {} = channel.receiver().unwrap().recv().unwrap();
    let channel = spsc::Options::new().of::<Wire>().private().unwrap();
    channel.sender().unwrap().send(&Wire { kind: 1, length: 9 }).unwrap();
    let Wire { kind, length } = channel.receiver().unwrap().recv().unwrap();
    assert_eq!((kind, length), (1, 9));
}
