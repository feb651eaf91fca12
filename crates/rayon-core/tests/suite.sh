#!/usr/bin/env bash
# rayon's and rayon-core's own tests, unmodified, on a pool of this workspace.
#
#     tests/suite.sh [SPEC...]        for example: tests/suite.sh stealing:4 mpsc; all strategies by default
#
# The sources come from crates.io, as dependencies do. A test that has not ended after TEST_SECONDS (60) counts as failed; they are
# optimised, as some count to a billion.
# The last lines of the output are the counts, then the names of the tests that failed.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
work=$target/suite
seconds=${TEST_SECONDS:-60}
export CARGO_PROFILE_DEV_OPT_LEVEL=${CARGO_PROFILE_DEV_OPT_LEVEL:-2}
specs=("$@")
[ ${#specs[@]} -gt 0 ] || specs=(stealing:1 stealing:2 stealing:4 bounded:4 mpsc:4 priority:4 fair:4)

# Where cargo keeps the sources of these versions, which the lock file of this crate names.
cargo fetch --quiet --manifest-path "$here/Cargo.toml"
home=${CARGO_HOME:-$HOME/.cargo}
rm -rf "$work"
mkdir -p "$work/fetch/src" "$work/core/src" "$work/core/tests"
cat >"$work/fetch/Cargo.toml" <<'T'
[workspace]
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[dependencies]
rayon = "=1.12.0"
rayon-core = "=1.13.0"
T
touch "$work/fetch/src/lib.rs"
cargo fetch --quiet --manifest-path "$work/fetch/Cargo.toml"
rayon=$(ls -d "$home"/registry/src/*/rayon-1.12.0)
core=$(ls -d "$home"/registry/src/*/rayon-core-1.13.0)

# rayon itself: as it is, with the dependency replaced.
cp -r "$rayon" "$work/rayon"
rm -f "$work/rayon/Cargo.lock"
cat >>"$work/rayon/Cargo.toml" <<T
[workspace]
[patch.crates-io]
rayon-core = { path = "$here" }
T

# rayon-core's unit tests lie among its modules. They are compiled against the public API, and the three inner functions that
# some of them call.
cat >"$work/core/Cargo.toml" <<T
[workspace]
[package]
name = "core-suite"
version = "0.0.0"
edition = "2021"
[dependencies]
rayon-core = { path = "$here" }
[dev-dependencies]
rand = "0.9"
rand_xorshift = "0.4"
scoped-tls = "1.0"
libc = "0.2"
crossbeam-utils = "0.8"
T
for module in broadcast join scope spawn thread_pool; do
    mkdir -p "$work/core/src/${module}_suite"
    cp "$core/src/$module/test.rs" "$work/core/src/${module}_suite/test.rs"
done
cp "$core/src/test.rs" "$work/core/src/test.rs"
cp "$core"/tests/*.rs "$work/core/tests/"
cat >"$work/core/src/lib.rs" <<'T'
#![cfg(test)]
#![allow(unused_imports, deprecated)]
pub use rayon_core::*;
macro_rules! suites {
    ($($suite:ident)*) => {$(
        mod $suite {
            use crate::unwind;
            pub use rayon_core::*;
            mod test;
        }
    )*};
}
suites!(broadcast_suite join_suite scope_suite spawn_suite thread_pool_suite);
mod test;
mod unwind {
    pub fn halt_unwinding<R>(f: impl FnOnce() -> R) -> std::thread::Result<R> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f))
    }
}
mod registry {
    /// Runs it on a worker of the global pool.
    pub fn in_worker<R: Send>(f: impl FnOnce(&(), bool) -> R + Send) -> R {
        rayon_core::scope(|_| f(&(), true))
    }
}
T

# The test binaries of a suite. One that does not compile would count as one without tests.
binaries_of() {
    local messages
    if ! messages=$(cd "$1" && cargo test --tests --no-run --message-format=json-render-diagnostics 2>"$work/errors"); then
        cat "$work/errors" >&2
        exit 1
    fi
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' <<<"$messages"
}

# Each test in a process of its own, so that one which hangs or aborts is one that failed.
run() {
    local spec=$1 dir=$2 binaries=$3 passed=0 failed=()
    while read -r binary; do
        while read -r name; do
            if (cd "$dir" && RAYON_POOL=$spec timeout "$seconds" "$binary" --exact "$name" >/dev/null 2>&1); then
                passed=$((passed + 1))
            else
                failed+=("$(basename "$binary" | sed 's/-[0-9a-f]*$//')::$name")
            fi
        done < <("$binary" --list --format terse | sed -n 's/: test$//p')
    done <<<"$binaries"
    printf '%-14s %-11s %3d passed, %d failed\n' "$spec" "$(basename "$dir")" "$passed" "${#failed[@]}"
    [ ${#failed[@]} -eq 0 ] || printf '    %s\n' "${failed[@]}"
}

# SUITES="core" or "rayon" runs one of the two.
for suite in ${SUITES:-core rayon}; do
    dir=$work/$suite
    binaries=$(binaries_of "$dir")
    for spec in "${specs[@]}"; do run "$spec" "$dir" "$binaries"; done
done
