//! Go: goroutines that take jobs from a channel.

use super::go::GO;
use super::row::Row;

pub(super) fn row() -> Row {
    Row::external("go-channel", &GO, "channel", "Go: goroutines behind one buffered channel").fifo()
}
