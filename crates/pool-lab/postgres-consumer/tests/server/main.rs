//! The consumer, against a real server.

mod cluster;
mod consuming;
mod dying;
mod support;
