//! How messages go, in a contest's label.

use crate::peer::Shape;

/// For people: one by one, or in batches of so many.
pub(super) fn pace(shape: Shape) -> String {
    match shape.batch {
        1 => "one by one".to_owned(),
        size => format!("batches of {size}"),
    }
}
