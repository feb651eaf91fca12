//! Go: a goroutine a job.

use super::go::GO;
use super::row::Row;

pub(super) fn row() -> Row {
    Row::external("go-goroutines", &GO, "goroutines", "Go: a goroutine a job").external_joins()
}
