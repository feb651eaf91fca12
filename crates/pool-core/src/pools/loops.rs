//! Loops over slices: cut into a few pieces for each worker, each piece a job of one scope.

mod filled;

use self::filled::Filled;
use crate::panic::drop_quietly;
use crate::scope::scope;
use crate::{JoinError, Pool};

/// Enough that the last piece of the slowest worker is short.
const PIECES_PER_WORKER: usize = 8;

/// Of how many items a piece is, of so many in all.
fn piece_of<P: Pool + ?Sized>(pool: &P, items: usize) -> usize {
    items.div_ceil(pool.threads().max(1) * PIECES_PER_WORKER).max(1)
}

/// Runs `f` on each piece and returns the results in the pieces' order. Panics with the payload of the first of them that
/// panicked, after all have ended.
fn run_pieces<P, I, R>(pool: &P, pieces: impl Iterator<Item = I>, f: impl Fn(I) -> R + Sync) -> Vec<R>
where
    P: Pool + ?Sized,
    I: Send,
    R: Send,
{
    let f = &f;
    let ended = scope(pool, None, |scope| {
        let handles: Vec<_> = pieces.map(|piece| scope.spawn(move || f(piece))).collect();
        handles.into_iter().map(|handle| handle.join()).collect::<Vec<_>>()
    });
    let mut results = Vec::with_capacity(ended.len());
    let mut first_panic = None;
    for end in ended {
        match end {
            Ok(result) => results.push(result),
            Err(JoinError::Panicked(panic)) if first_panic.is_some() => drop_quietly(panic.into_payload()),
            Err(error) => first_panic = Some(error),
        }
    }
    match first_panic {
        None => results,
        Some(error) => {
            // Before the unwinding, in the course of which a destructor that panics would abort.
            results.into_iter().for_each(drop_quietly);
            error.resume()
        }
    }
}

/// See [`PoolExt::map`](crate::PoolExt::map).
pub(crate) fn map<'items, P, T, R, F>(pool: &P, items: &'items [T], f: F) -> Vec<R>
where
    P: Pool + ?Sized,
    T: Sync,
    R: Send,
    F: Fn(&'items T) -> R + Sync,
{
    let piece = piece_of(pool, items.len());
    let mut results = Vec::with_capacity(items.len());
    let places = &mut results.spare_capacity_mut()[..items.len()];
    let pieces = items.chunks(piece).zip(places.chunks_mut(piece));
    let filled = run_pieces(pool, pieces, |(items, places)| Filled::of(places, items.iter().map(&f)));
    let kept = filled.into_iter().map(Filled::keep).sum();
    // SAFETY: the places are the first of the vector's, one for each item, and so many of them were written, from the first
    // on: each piece has run to its end, or `run_pieces` had panicked.
    unsafe { results.set_len(kept) };
    results
}

/// See [`PoolExt::for_each`](crate::PoolExt::for_each).
pub(crate) fn for_each<'items, P, T, F>(pool: &P, items: &'items [T], f: F)
where
    P: Pool + ?Sized,
    T: Sync,
    F: Fn(&'items T) + Sync,
{
    let pieces = items.chunks(piece_of(pool, items.len()));
    run_pieces(pool, pieces, |piece| piece.iter().for_each(&f));
}

/// See [`PoolExt::for_each_mut`](crate::PoolExt::for_each_mut).
pub(crate) fn for_each_mut<'items, P, T, F>(pool: &P, items: &'items mut [T], f: F)
where
    P: Pool + ?Sized,
    T: Send,
    F: Fn(&'items mut T) + Sync,
{
    let piece = piece_of(pool, items.len());
    run_pieces(pool, items.chunks_mut(piece), |piece| piece.iter_mut().for_each(&f));
}

/// See [`PoolExt::for_each_chunk_mut`](crate::PoolExt::for_each_chunk_mut).
pub(crate) fn for_each_chunk_mut<'items, P, T, F>(pool: &P, items: &'items mut [T], size: usize, f: F)
where
    P: Pool + ?Sized,
    T: Send,
    F: Fn(usize, &'items mut [T]) + Sync,
{
    assert!(size > 0, "a chunk has at least one item, and 0 were asked for");
    let chunks = piece_of(pool, items.len().div_ceil(size));
    // No longer than the slice is, so that it does not overflow.
    let piece = size.saturating_mul(chunks);
    run_pieces(pool, items.chunks_mut(piece).enumerate(), |(number, piece)| {
        piece.chunks_mut(size).enumerate().for_each(|(chunk, items)| f(number * chunks + chunk, items));
    });
}

/// See [`PoolExt::map_reduce`](crate::PoolExt::map_reduce).
pub(crate) fn map_reduce<'items, P, T, R, F, C>(pool: &P, items: &'items [T], f: F, combine: C) -> Option<R>
where
    P: Pool + ?Sized,
    T: Sync,
    R: Send,
    F: Fn(&'items T) -> R + Sync,
    C: Fn(R, R) -> R + Sync,
{
    let pieces = items.chunks(piece_of(pool, items.len()));
    let parts = run_pieces(pool, pieces, |piece| piece.iter().map(&f).reduce(&combine));
    parts.into_iter().flatten().reduce(combine)
}
