//! Errors as `std::io::Error`.

/// Converts into `io::Error` with the kind that each variant maps to; `Io` keeps the kind of its source.
macro_rules! into_io_error {
    ($name:ident { $($variant:pat => $kind:ident),* $(,)? }) => {
        impl From<$name> for std::io::Error {
            fn from(error: $name) -> Self {
                #[allow(unused_imports, reason = "not every enum names every variant")]
                use $name::*;
                let kind = match &error {
                    $name::Io { source, .. } => source.kind(),
                    $($variant => std::io::ErrorKind::$kind,)*
                };
                Self::new(kind, error)
            }
        }
    };
}

pub(super) use into_io_error;
