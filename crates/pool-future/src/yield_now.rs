//! Making way.

use std::future::poll_fn;
use std::task::Poll;

/// Makes way for what is queued: the future's next job is behind it. For a future that computes for long, between two parts.
///
/// ```
/// use pool_future::{block_on, yield_now};
/// async fn sum(parts: Vec<Vec<u64>>) -> u64 {
///     let mut sum = 0;
///     for part in parts {
///         sum += part.iter().sum::<u64>();
///         yield_now().await;
///     }
///     sum
/// }
/// assert_eq!(block_on(sum(vec![vec![1, 2], vec![3]])), 6);
/// ```
pub async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
