//! The names of numbers, and of arrays and slices of what has a name.

use super::schema::{Schema, Text};

/// A primitive, by the name of its width.
macro_rules! primitives {
    ($($primitive:ty: $name:literal,)*) => {
        $(
            impl Schema for $primitive {
                fn describe(text: &mut Text) {
                    text.write(format_args!($name));
                }
            }
        )*
    };
}

primitives! {
    u8: "u8", u16: "u16", u32: "u32", u64: "u64", u128: "u128", usize: "u64",
    i8: "i8", i16: "i16", i32: "i32", i64: "i64", i128: "i128", isize: "i64",
    f32: "f32", f64: "f64",
}

impl<T: Schema, const N: usize> Schema for [T; N] {
    fn describe(text: &mut Text) {
        text.write(format_args!("["));
        T::describe(text);
        text.write(format_args!(";{N}]"));
    }
}

/// A message of these is as many as fit its length.
impl<T: Schema> Schema for [T] {
    fn describe(text: &mut Text) {
        const { assert!(size_of::<T>() > 0, "elements without bytes: a message could not tell how many they are") };
        text.write(format_args!("["));
        T::describe(text);
        text.write(format_args!("]"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::schema_of;
    use super::*;
    use crate::layout::{MessageType, TypeForm};

    /// What the format reads from the name of `T`.
    fn read<T: Schema + ?Sized>() -> (TypeForm, u32, u32) {
        let MessageType { form, size, alignment, .. } = MessageType::of(&schema_of::<T>());
        (form, size, alignment)
    }

    /// The format reads from the name of `T` what the compiler says of it.
    fn assert_read_as_it_is<T: Schema>() {
        assert_eq!(read::<T>(), (TypeForm::One, size_of::<T>() as u32, align_of::<T>() as u32), "{}", schema_of::<T>());
        if size_of::<T>() > 0 {
            assert_eq!(read::<[T; 3]>(), (TypeForm::One, size_of::<[T; 3]>() as u32, align_of::<T>() as u32));
        }
    }

    #[test]
    fn the_format_reads_what_the_compiler_says() {
        assert_read_as_it_is::<u8>();
        assert_read_as_it_is::<u16>();
        assert_read_as_it_is::<u32>();
        assert_read_as_it_is::<u64>();
        assert_read_as_it_is::<u128>();
        assert_read_as_it_is::<usize>();
        assert_read_as_it_is::<i8>();
        assert_read_as_it_is::<i16>();
        assert_read_as_it_is::<i32>();
        assert_read_as_it_is::<i64>();
        assert_read_as_it_is::<i128>();
        assert_read_as_it_is::<isize>();
        assert_read_as_it_is::<f32>();
        assert_read_as_it_is::<f64>();
        assert_read_as_it_is::<[[u16; 3]; 5]>();
        assert_read_as_it_is::<[u64; 0]>();
        assert_eq!(read::<[[i16; 3]]>(), (TypeForm::Slice, 6, 2));
    }
}
