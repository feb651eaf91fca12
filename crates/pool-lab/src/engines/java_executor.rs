//! Java: ThreadPoolExecutor with a LinkedBlockingQueue.

use super::java::JAVA;
use super::row::Row;

pub(super) fn row() -> Row {
    Row::external("java-executor", &JAVA, "executor", "Java: ThreadPoolExecutor, one linked queue").fifo()
}
