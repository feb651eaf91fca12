#![doc = include_str!("guide.md")]
// What people search for, so that rustdoc's search leads here.
#![doc(alias(
    "abort",
    "async",
    "await",
    "backpressure",
    "deadline",
    "for_each",
    "graceful shutdown",
    "join_all"
))]
#![doc(alias(
    "load shedding",
    "panic",
    "parallel map",
    "par_iter",
    "spawn_blocking",
    "timeout",
    "wait for all"
))]

pub mod outgrowing {
    #![doc = include_str!("guide/outgrowing.md")]
    #![doc(alias("cluster", "distributed", "persistent", "postgres", "remote"))]
}
