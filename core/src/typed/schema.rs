//! Types whose bytes have one meaning in every program, and how the names that say which are written. `layout/message_type.rs` reads
//! them.

use std::fmt::{self, Write};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A type that is sent as its bytes, and whose layout has a name: numbers, arrays and slices, and structs that derive it.
///
/// ```
/// use memlane::typed::{Schema, schema_of};
/// use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
///
/// #[derive(Schema, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Level {
///     price: i64,
///     size: u32,
///     orders: u32,
/// }
///
/// #[derive(Schema, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// #[schema(name = "book")] // as the C program calls it
/// struct Book {
///     symbol: [u8; 8],
///     best: Level,
///     #[schema(name = "type")]
///     kind: u64,
/// }
///
/// let level = "Level{price:i64@0,size:u32@8,orders:u32@12}#16/8";
/// assert_eq!(schema_of::<Book>(), format!("book{{symbol:[u8;8]@0,best:{level}@8,type:u64@24}}#32/8"));
/// assert_eq!(schema_of::<[Level]>(), format!("[{level}]"));
/// ```
///
/// A primitive is named by its width, so `usize` is `u64` on the machines that memlane runs on. Two structs with equal fields and
/// different names are different types. `docs/layout.md` has the grammar.
///
/// The derive macro refuses what has no layout of its own, and zerocopy's refuse what has padding or invalid values:
///
/// ```compile_fail
/// # use memlane::typed::Schema;
/// # use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
/// #[derive(Schema, FromBytes, IntoBytes, Immutable)]
/// struct Moved(u64); // without #[repr(C)], each build may order fields in its own way
/// ```
///
/// ```compile_fail
/// # use memlane::typed::Schema;
/// # use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
/// #[derive(Schema, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Padded {
///     id: u64,
///     side: u8, // and 7 bytes that hold whatever was in memory
/// }
/// ```
///
/// ```compile_fail
/// # use memlane::typed::Schema;
/// #[derive(Schema)]
/// #[repr(u8)]
/// enum Side { // 254 bytes are none of them
///     Buy,
///     Sell,
/// }
/// ```
///
/// ```compile_fail
/// # use memlane::typed::Schema;
/// # use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
/// #[derive(Schema, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Quoted {
///     #[schema(name = "a field")] // blanks, and `{}[]():;,@#/`, have their own meaning
///     id: u64,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the layout of `{Self}` has no name",
    label = "not a typed message",
    note = "derive `memlane::typed::Schema`, and zerocopy's `FromBytes`, `IntoBytes` and `Immutable`, on a `#[repr(C)]` struct; or send it by a \
            codec, with `Options::coded`"
)]
pub trait Schema: IntoBytes + FromBytes + Immutable {
    /// Writes the name of this type. A type that writes what it is not is read as what it is not: values that mean nothing, and
    /// never undefined behaviour.
    fn describe(text: &mut Text);
}

/// The name of a type: what stands in the header of its channels, and what other languages give as
/// [`type_name`](crate::generic::Options::type_name) to open them.
///
/// ```
/// use memlane::typed::schema_of;
/// assert_eq!(schema_of::<u32>(), "u32");
/// assert_eq!(schema_of::<[f64; 3]>(), "[f64;3]");
/// assert_eq!(schema_of::<[f64]>(), "[f64]");
/// ```
#[must_use]
pub fn schema_of<T: Schema + ?Sized>() -> String {
    let mut text = Text::default();
    T::describe(&mut text);
    text.0
}

/// The name of a type while it is written. A type writes its own part: see [`Schema::describe`].
#[derive(Debug, Default)]
pub struct Text(String);

impl Text {
    /// Writes a struct: its name, then the fields that [`Fields::field`] adds, then the size and alignment that it has here.
    ///
    /// `name` has none of `{}[]():;,@#/` and no blanks.
    ///
    /// ```
    /// use memlane::typed::{Schema, Text, schema_of};
    /// use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
    ///
    /// #[derive(FromBytes, IntoBytes, Immutable)]
    /// #[repr(C)]
    /// struct Quote {
    ///     price: f64,
    /// }
    /// impl Schema for Quote {
    ///     // What the derive macro writes.
    ///     fn describe(text: &mut Text) {
    ///         text.structure::<Self>("Quote").field::<f64>("price", std::mem::offset_of!(Self, price)).end();
    ///     }
    /// }
    /// assert_eq!(schema_of::<Quote>(), "Quote{price:f64@0}#8/8");
    /// ```
    pub fn structure<T>(&mut self, name: &str) -> Fields<'_> {
        self.write(format_args!("{name}{{"));
        Fields { text: self, size: size_of::<T>(), alignment: align_of::<T>(), separator: "" }
    }

    pub(super) fn write(&mut self, part: fmt::Arguments<'_>) {
        // A `String` takes everything.
        let _ = self.0.write_fmt(part);
    }
}

/// A struct whose fields are being written, in the order of their offsets.
#[derive(Debug)]
#[must_use = "a struct is complete with its end"]
pub struct Fields<'a> {
    text: &'a mut Text,
    size: usize,
    alignment: usize,
    separator: &'static str,
}

impl Fields<'_> {
    /// Writes a field of type `F`, `offset` bytes from the start of the struct.
    ///
    /// ```
    /// # use memlane::typed::Text;
    /// let mut text = Text::default();
    /// text.structure::<[u32; 2]>("Pair").field::<u32>("first", 0).field::<u32>("second", 4).end();
    /// ```
    pub fn field<F: Schema>(self, name: &str, offset: usize) -> Self {
        self.text.write(format_args!("{}{name}:", self.separator));
        F::describe(self.text);
        self.text.write(format_args!("@{offset}"));
        Self { separator: ",", ..self }
    }

    /// Writes what follows the fields.
    ///
    /// ```
    /// # use memlane::typed::Text;
    /// let mut text = Text::default();
    /// text.structure::<()>("Empty").end(); // it has none
    /// ```
    pub fn end(self) {
        self.text.write(format_args!("}}#{}/{}", self.size, self.alignment));
    }
}
