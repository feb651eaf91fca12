//! What happens in a pool while a workload runs on it, as a file for [Perfetto](https://ui.perfetto.dev).
//!
//! | file | what is there |
//! |---|---|
//! | [`recorder`] | takes down what a pool's threads do, in a buffer for each thread |
//! | [`recording`] | what was taken down, put in order |
//! | [`perfetto`] | the file |
//! | `proto` | the few parts of the protocol buffers' encoding that it takes |
//!
//! `pool-lab trace` does this for a workload. A program of your own does it for itself:
//!
//! ```
//! use std::sync::Arc;
//! use pool_lab::engine::Watcher;
//! use pool_lab::trace::perfetto;
//! use pool_lab::trace::recorder::Recorder;
//! use pool_stealing::StealingPool;
//!
//! let recorder = Arc::new(Recorder::new(3, 10_000));
//! let pool = StealingPool::builder().threads(2).observer(recorder.clone()).build()?;
//! recorder.started(pool.context());
//!
//! recorder.begin();
//! pool.scope(|scope| (0..10).for_each(|_| scope.execute(|| ())));
//! let recording = recorder.end();
//! assert_eq!((recording.jobs(), recording.dropped()), (10, 0));
//!
//! let mut file = Vec::new(); // or a `BufWriter` around a file
//! perfetto::write(&recording, "my program", &mut file)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod perfetto;
mod proto;
pub mod recorder;
pub mod recording;
