//! What happens in a pool while a workload runs on it, as a file for [Perfetto](https://ui.perfetto.dev).
//!
//! | file | what is there |
//! |---|---|
//! | [`recorder`] | takes down what a pool's threads do, in a buffer for each thread |
//! | [`recording`] | what was taken down, put in order |
//! | [`perfetto`] | the file |
//! | [`proto`] | the few parts of the protocol buffers' encoding that it takes |

pub mod perfetto;
mod proto;
pub mod recorder;
pub mod recording;
