//! An HTTP server as people build it: hyper on tokio in front, a bounded pool behind for what computes.
//!
//! ```sh
//! cargo run --release -p http-server -- --listen 127.0.0.1:8080
//! curl http://127.0.0.1:8080/primes/100000        # 9592
//! curl --data-binary @Cargo.toml http://127.0.0.1:8080/checksum
//! curl http://127.0.0.1:8080/metrics
//! ```
//!
//! The same with `tokio::task::spawn_blocking` and two semaphores, for comparison: `--backend blocking`. `load.sh` loads both with `wrk`, and in an open loop
//! ([`client`], the program `open-loop`), and sees that each request which was read has its answer, also when SIGTERM comes in between:
//!
//! ```sh
//! cargo run --release -p http-server --bin open-loop -- --rate 500 --rate 1000 pool=127.0.0.1:8080
//! ```
//!
//! | | the pool | `spawn_blocking` |
//! |---|---|---|
//! | at most so many at once | workers | a semaphore |
//! | at most so many that wait, then 503 with `Retry-After` | the queue's capacity, [`try_spawn_with`](pool_core::PoolExt::try_spawn_with) | a second semaphore |
//! | a deadline, then 504 | `start_by`: one that is late does not start | `timeout`, around either wait |
//! | told to stop when it is late | its token, [`current_token`](pool_core::current_token) | a flag of our own |
//! | what waited and ran, and for how long | pool-metrics | nothing |
//! | ended after SIGTERM | [`shutdown`](pool_core::Pool::shutdown) | the runtime's drop |
//!
//! A worker gets whole requests: hyper reads them, within a time limit, on the runtime's threads. So a client that is slow, or sends what is no
//! HTTP, holds a socket and no worker.
//!
//! On SIGTERM the server takes the connections that the system has completed by then, and no more. It answers what it has read and what
//! these bring, closes idle connections, ends the pool, and prints how many requests it has read and answered.

#![forbid(unsafe_code)]

pub mod backend;
pub mod client;
pub mod metrics;
pub mod server;
pub mod settings;
pub mod work;
