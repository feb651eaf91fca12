//! Java: a virtual thread a job, from Java 21 on.

use super::java::JAVA;
use super::row::Row;

pub(super) fn row() -> Row {
    Row::external("java-virtual", &JAVA, "virtual", "Java: a virtual thread a job (from Java 21 on)")
}
