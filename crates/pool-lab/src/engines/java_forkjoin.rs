//! Java: ForkJoinPool.

use super::java::JAVA;
use super::row::Row;

pub(super) fn row() -> Row {
    Row::external("java-forkjoin", &JAVA, "forkjoin", "Java: ForkJoinPool, work stealing").external_joins()
}
