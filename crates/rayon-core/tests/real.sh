#!/usr/bin/env bash
# Builds programs that use rayon, as their authors publish them, each twice: with rayon-core from crates.io, and with the crate here in
# its place. `pool-lab measure -w real -p rayon,stealing` then measures them.
#
#     tests/real.sh [PROGRAM...]        oxipng, b3sum, tokei, rayon-demo; all by default
#
# They are put into real/ of the target folder (CARGO_TARGET_DIR, or that of the repository). rayon-demo lies in rayon's repository
# and in no package: RAYON_REPOSITORY is where that is cloned from, GitHub by default. It is built in a temporary folder.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$(cd "$here/../.." && pwd)/target}
real=$target/real
repository=${RAYON_REPOSITORY:-https://github.com/rayon-rs/rayon}
programs=("$@")
[ ${#programs[@]} -gt 0 ] || programs=(oxipng b3sum tokei rayon-demo)
mkdir -p "$real"

# The builds, and what tells cargo to make each.
builds=(rayon-core ours)
patch_of() {
    [ "$1" = rayon-core ] || printf '%s\n' --config "patch.crates-io.rayon-core.path=\"$here\""
}

# Whether each build has the core that it is named after: only the crate here has this name in it.
check() {
    local program=$1
    for build in "${builds[@]}"; do
        has=rayon-core
        if grep -q RAYON_POOL "$real/$build/bin/$program"; then has=ours; fi
        [ $has = "$build" ] || { echo "$real/$build/bin/$program has $has in it" >&2; exit 1; }
    done
    echo "$program is built twice, in $real"
}

package() {
    local name=$1 version=$2
    for build in "${builds[@]}"; do
        mapfile -t patch < <(patch_of "$build")
        CARGO_TARGET_DIR=$real/build cargo install --quiet --force --no-track --root "$real/$build" \
            "${patch[@]}" "$name@$version"
    done
}

demo() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    git clone --quiet --depth 1 "$repository" "$work/rayon"
    # It depends on the rayon beside it, by a path, which no patch replaces. Of that nothing stays but the workspace.
    sed -i 's|^rayon = .*|rayon = "1.12"|' "$work/rayon/rayon-demo/Cargo.toml"
    awk '/^\[/ { keep = /^\[workspace/ } keep' "$work/rayon/Cargo.toml" |
        sed 's|^members = .*|members = ["rayon-demo"]|' >"$work/Cargo.toml"
    mv "$work/Cargo.toml" "$work/rayon/Cargo.toml"
    for build in "${builds[@]}"; do
        mapfile -t patch < <(patch_of "$build")
        # Its benchmarks are those of the unstable `test`.
        binary=$(cd "$work/rayon/rayon-demo" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$real/build \
            cargo bench --quiet --no-run --message-format=json "${patch[@]}" |
            sed -n 's/.*"executable":"\([^"]*rayon_demo[^"]*\)".*/\1/p' | tail -1)
        [ -n "$binary" ] || { echo "rayon-demo does not build" >&2; exit 1; }
        mkdir -p "$real/$build/bin"
        cp "$binary" "$real/$build/bin/rayon-demo"
    done
}

for program in "${programs[@]}"; do
    case $program in
    oxipng) package oxipng 9.1.5 && check oxipng ;;
    b3sum) package b3sum 1.8.2 && check b3sum ;;
    tokei) package tokei 12.1.2 && check tokei ;;
    rayon-demo) demo && check rayon-demo ;;
    *)
        echo "unknown program $program; known: oxipng, b3sum, tokei, rayon-demo" >&2
        exit 2
        ;;
    esac
done
