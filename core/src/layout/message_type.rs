//! What the messages of a channel are: the name of their type, and what follows from it.
//!
//! ```text
//! type      = one | "[" one "]"                 a message is one value, or as many elements as it has room for
//!           | codec "(" name ")"                a message is a value that a codec wrote
//!           | any other text                    a name that people agreed on: it says nothing of bytes
//! one       = primitive | "[" one ";" count "]" | name "{" fields "}#" size "/" alignment
//! fields    = [ name ":" one "@" offset { "," name ":" one "@" offset } ]
//! primitive = u8 | u16 | u32 | u64 | u128 | i8 | i16 | i32 | i64 | i128 | f32 | f64
//! ```
//!
//! `Order{id:u64@0,px:f64@8}#16/8` has 16 bytes at multiples of 8. So one literal says everything, in any language: form, size and
//! alignment are read from the name, and stand in the header for programs that do not want to do so.
//!
//! Two channels have messages of one type if the names are equal. The header keeps the first [`NAME_BYTES`] of a name and the hash of
//! all of it, so that errors can show both types.

use std::fmt;

/// Bytes of a type's name that the header keeps.
pub const NAME_BYTES: usize = 512;

/// Longest name of a type in bytes.
pub const NAME_MAX: usize = 65_535;

/// What the name of a channel's message type says about its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TypeForm {
    /// There is no name: messages are bytes.
    #[default]
    Bytes,
    /// A name that people agreed on, which says nothing of bytes.
    Named,
    /// A message is one value of known layout.
    One,
    /// A message is as many elements of known layout as it has room for.
    Slice,
    /// A message is a value that a codec wrote.
    Codec,
}

impl TypeForm {
    /// Every form that this version knows, at its number.
    const ALL: [Self; 5] = [Self::Bytes, Self::Named, Self::One, Self::Slice, Self::Codec];

    /// The name that people write: in what tools print.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().type_name("[f64]").private()?;
    /// assert_eq!(channel.info().type_form.name(), "slice");
    /// # Ok::<(), memlane::CreateError>(())
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Named => "named",
            Self::One => "one",
            Self::Slice => "slice",
            Self::Codec => "codec",
        }
    }

    /// Its number, in a file's header and in the C interface.
    ///
    /// ```
    /// assert_eq!(memlane::TypeForm::One.code(), 2);
    /// ```
    #[must_use]
    pub fn code(self) -> u32 {
        self as u32
    }

    pub(crate) fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }
}

/// The type of a channel's messages, as its header has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MessageType {
    /// Its name, or as much of it as the header keeps.
    pub name: String,
    /// Bytes of the whole name; 0: there is none.
    pub name_bytes: u32,
    /// [`hash`] of the whole name; 0 without one.
    pub hash: u64,
    /// What a message is.
    pub form: TypeForm,
    /// Bytes of a value or element; 0 in forms that do not say.
    pub size: u32,
    /// Alignment of a value or element in bytes; 0 in forms that do not say.
    pub alignment: u32,
}

impl MessageType {
    /// The type of this name, of at most [`NAME_MAX`] bytes.
    pub(crate) fn of(name: &str) -> Self {
        let (form, (size, alignment)) = form(name);
        let hash = if name.is_empty() { 0 } else { hash(name) };
        Self { name: kept(name).to_owned(), name_bytes: name.len() as u32, hash, form, size, alignment }
    }

    /// Whether the header keeps the whole name.
    pub(crate) fn is_whole(&self) -> bool {
        self.name.len() == self.name_bytes as usize
    }
}

/// Its name for people. A name that the header does not keep as a whole is told from others by its hash.
impl fmt::Display for MessageType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name_bytes, self.is_whole()) {
            (0, _) => formatter.write_str("bytes"),
            (_, true) => formatter.write_str(&self.name),
            (bytes, false) => write!(formatter, "{}… ({bytes} bytes, hash {:016x})", self.name, self.hash),
        }
    }
}

/// FNV-1a, 64 bits, of the name's bytes.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// As much of a name as the header keeps: it is cut between characters.
fn kept(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    &name[..end]
}

/// What a name says, with the size and the alignment of a value or element.
fn form(name: &str) -> (TypeForm, (u32, u32)) {
    if let Some(layout) = layout(name) {
        return (TypeForm::One, layout);
    }
    if let Some(layout) = inside(name).and_then(layout) {
        return (TypeForm::Slice, layout);
    }
    let is_codec =
        name.strip_suffix(')').and_then(|rest| rest.split_once('(')).is_some_and(|(codec, _)| is_name(codec));
    let form = match name {
        "" => TypeForm::Bytes,
        _ if is_codec => TypeForm::Codec,
        _ => TypeForm::Named,
    };
    (form, (0, 0))
}

/// What stands between brackets.
fn inside(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// Size and alignment of one value. A loop, not a recursion: others chose how deep the brackets are.
fn layout(mut text: &str) -> Option<(u32, u32)> {
    let mut values = 1_u32;
    while let Some(inside) = inside(text) {
        let (element, count) = inside.rsplit_once(';')?;
        values = values.checked_mul(number(count)?)?;
        text = element;
    }
    let (size, alignment) = primitive(text).or_else(|| structure(text))?;
    Some((size.checked_mul(values)?, alignment))
}

fn primitive(name: &str) -> Option<(u32, u32)> {
    let (kind, bits) = name.split_at_checked(1)?;
    let bits = number(bits)?;
    let exists = match kind {
        "u" | "i" => [8, 16, 32, 64, 128].contains(&bits),
        "f" => [32, 64].contains(&bits),
        _ => false,
    };
    let bytes = bits / 8;
    exists.then_some((bytes, bytes))
}

fn structure(text: &str) -> Option<(u32, u32)> {
    let (head, numbers) = text.rsplit_once("}#")?;
    let (name, _) = head.split_once('{')?;
    let (size, alignment) = numbers.split_once('/')?;
    let (size, alignment) = (number(size)?, number(alignment)?);
    let fits = alignment.is_power_of_two() && size.is_multiple_of(alignment);
    (is_name(name) && fits).then_some((size, alignment))
}

/// A number as a name has it: there is one way to write it.
fn number(text: &str) -> Option<u32> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_canonical { text.parse().ok() } else { None }
}

/// Whether a text can be the name of a struct or codec in a type's name.
fn is_name(text: &str) -> bool {
    let is_mark = |character: char| "{}[]():;,@#/".contains(character);
    !text.is_empty() && !text.chars().any(|character| is_mark(character) || character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str) -> (TypeForm, u32, u32) {
        let MessageType { form, size, alignment, .. } = MessageType::of(name);
        (form, size, alignment)
    }

    #[test]
    fn a_name_says_form_size_and_alignment() {
        use TypeForm::{Bytes, Codec, Named, One, Slice};
        for (name, wanted) in [
            ("", (Bytes, 0, 0)),
            ("u8", (One, 1, 1)),
            ("i128", (One, 16, 16)),
            ("f64", (One, 8, 8)),
            ("[u16;3]", (One, 6, 2)),
            ("[[u16;3];0]", (One, 0, 2)),
            ("Order{id:u64@0,px:f64@8}#16/8", (One, 16, 8)),
            ("[Order{id:u64@0,tag:[u8;8]@8}#16/8;4]", (One, 64, 8)),
            ("Empty{}#0/1", (One, 0, 1)),
            ("[u64]", (Slice, 8, 8)),
            ("[[u8;4]]", (Slice, 4, 1)),
            ("[Pair{a:[u8;2]@0,b:In{c:u16@0}#2/2@2}#4/2]", (Slice, 4, 2)),
            ("postcard(Order/1)", (Codec, 0, 0)),
            ("Quote", (Named, 0, 0)),
            ("u7", (Named, 0, 0)),
            ("f16", (Named, 0, 0)),
            ("u08", (Named, 0, 0)),
            ("[u8;+4]", (Named, 0, 0)),
            ("[u8;4294967296]", (Named, 0, 0)),
            ("[[u8;65536];65536]", (Named, 0, 0)),
            ("[Quote]", (Named, 0, 0)),
            ("Order{}#16/3", (Named, 0, 0)),
            ("Order{}#15/8", (Named, 0, 0)),
            ("Order{}#16/0", (Named, 0, 0)),
            ("{}#16/8", (Named, 0, 0)),
            ("(x)", (Named, 0, 0)),
            ("[", (Named, 0, 0)),
            ("é", (Named, 0, 0)),
        ] {
            assert_eq!(said(name), wanted, "{name}");
        }
        assert_eq!(said(&"[".repeat(NAME_MAX)).0, Named, "brackets are no stack");
        assert_eq!(said(&format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))).0, Named);
    }

    #[test]
    fn the_hash_is_that_of_the_algorithm() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(MessageType::of("").hash, 0, "bytes have none");
    }

    #[test]
    fn a_long_name_is_cut_between_characters_and_told_by_its_hash() {
        let long = "é".repeat(300) + "x";
        let cut = MessageType::of(&long);
        assert_eq!((cut.name.as_str(), cut.name_bytes, cut.is_whole()), ("é".repeat(256).as_str(), 601, false));
        let odd = MessageType::of(&format!("a{long}"));
        assert_eq!(odd.name.len(), 511, "not in the middle of a character");
        assert_eq!(cut.to_string(), format!("{}… (601 bytes, hash {:016x})", "é".repeat(256), hash(&long)));
        let [full, other] = ["x".repeat(512), "x".repeat(513)].map(|name| MessageType::of(&name));
        assert!(full.is_whole() && !other.is_whole() && full.name == other.name && full != other);
        let shown = ["", "Quote"].map(|name| MessageType::of(name).to_string());
        assert_eq!(shown, ["bytes", "Quote"]);
    }

    #[test]
    fn numbers_of_forms_lead_back() {
        for form in TypeForm::ALL {
            assert_eq!(TypeForm::from_code(form.code()), Some(form));
        }
        assert_eq!(TypeForm::from_code(5), None);
        assert_eq!(TypeForm::from_code(u32::MAX), None);
    }
}
