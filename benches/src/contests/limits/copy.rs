//! What one core copies from memory to memory.

use crate::contest::{Contest, End, Open, Pair, Watch};
use anyhow::Result;
use std::cell::RefCell;
use std::hint::black_box;

/// Bytes of each of the two buffers: more than any cache holds.
const BUFFER: usize = 128 << 20;

/// Pieces of `N` bytes from one large buffer to another, each the next one. The other core has nothing to do.
pub fn copy<const N: usize>() -> Contest {
    Contest {
        id: format!("copy-{N}"),
        label: "limit: memcpy from memory to memory, one core".to_owned(),
        open: Open::Threads(Box::new(|| {
            let pair: Pair = (Box::new(Copying::<N> { at: 0 }), Box::new(Idle));
            Ok(pair)
        })),
        may_sleep: false,
        target: None,
    }
}

thread_local! {
    /// For all sizes of pieces the same; filled when they are first used, and not with zeros, which share one page.
    static BUFFERS: RefCell<[Vec<u8>; 2]> = RefCell::new([vec![1; BUFFER], vec![2; BUFFER]]);
}

struct Copying<const N: usize> {
    at: usize,
}

impl<const N: usize> End for Copying<N> {
    fn run(&mut self, operations: u64, _: &mut Watch) -> Result<()> {
        BUFFERS.with_borrow_mut(|[from, to]| {
            for _ in 0..operations {
                let piece = self.at..self.at + N;
                to[piece.clone()].copy_from_slice(&from[piece]);
                black_box(&mut *to);
                self.at = if self.at + 2 * N > BUFFER { 0 } else { self.at + N };
            }
        });
        Ok(())
    }
}

struct Idle;

impl End for Idle {
    fn run(&mut self, _: u64, _: &mut Watch) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_copied_one_after_the_other_and_around() {
        const PIECE: usize = 32 << 20;
        let mut copying = Copying::<PIECE> { at: 0 };
        let copied = || BUFFERS.with_borrow(|[_, to]| to.iter().step_by(PIECE / 2).filter(|&&byte| byte == 1).count());
        copying.run(3, &mut Watch::default()).unwrap();
        assert_eq!((copied(), copying.at), (6, 3 * PIECE));
        copying.run(2, &mut Watch::default()).unwrap();
        assert_eq!((copied(), copying.at), (8, PIECE));
    }
}
