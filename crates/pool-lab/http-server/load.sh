#!/usr/bin/env bash
# Loads the server, each backend for so many seconds, by default 30: with wrk (Debian: apt-get install wrk) as fast as it answers, and in
# an open loop with both side by side, at shares of what wrk found. Then SIGTERM comes while either is at it. Ends with 1 if a request that
# was read has no answer. Usage: load.sh [SECONDS [CONNECTIONS [PATH]]]
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-30} connections=${2:-128} path=${3:-/primes/20000}
profile=${PROFILE:-release}
command -v wrk >/dev/null || { echo "wrk is not installed" >&2; exit 1; }
cargo build --quiet --profile "${profile/debug/dev}" --bins
programs="${CARGO_TARGET_DIR:-../../../target}/$profile"
backends=(pool blocking)
folder=$(mktemp -d)
declare -A pid address answers=([pool]=0 [blocking]=0)
trap 'kill "${pid[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT

# Starts a server. It says where it listens in $folder/BACKEND.
start() {
    : >"$folder/$1"
    "$programs/http-server" --listen 127.0.0.1:0 --backend "$1" --workers 2 --queue 64 >"$folder/$1" &
    pid[$1]=$!
    until grep -q "listening at" "$folder/$1"; do kill -0 "${pid[$1]}"; sleep 0.1; done
    address[$1]=$(sed -n 's/listening at //p' "$folder/$1")
}

# Ends it in the midst of what loads it, and shows what it has read and answered.
end() {
    sleep 1
    kill -TERM "${pid[$1]}"
    wait "${pid[$1]}"
    unset "pid[$1]"
    tail -n 1 "$folder/$1"
    read -r has_read _ _ has_answered _ <<<"$(tail -n 1 "$folder/$1")"
    [ "$has_read" = "$has_answered" ] || { echo "$1: some requests were read and not answered" >&2; exit 1; }
}

# Requests a second with a few connections, so that none is shed.
capacity() { wrk -t 1 -c 8 -d 3s "http://${address[$1]}$path" | sed -n 's/^Requests\/sec: *\([0-9]*\).*/\1/p'; }

# The open loop. It fails if an answer is missing.
open_loop() { "$programs/open-loop" --path "$path" "$@" >"$folder/open-loop"; }

# Shows what it has found, and adds its answers up.
show() {
    grep -v ' answers$' "$folder/open-loop"
    for backend in "${backends[@]}"; do
        more=$(sed -n "s/^$backend: \(.*\) answers$/\1/p" "$folder/open-loop")
        answers[$backend]=$((answers[$backend] + ${more:-0}))
    done
}

found=
for backend in "${backends[@]}"; do
    start "$backend"
    printf '\n== %s: wrk, %s connections, %s, %s s\n' "$backend" "$connections" "$path" "$seconds"
    found=${found:-$(capacity "$backend")}
    wrk -t 1 -c "$connections" -d "${seconds}s" --latency "http://${address[$backend]}$path"
    curl -s "http://${address[$backend]}/metrics" | grep -E '^http_responses_total|_seconds_(sum|count)' || true
    wrk -t 1 -c "$connections" -d 3s "http://${address[$backend]}$path" >/dev/null &
    loading=$!
    end "$backend"
    wait "$loading" || true
done

for backend in "${backends[@]}"; do start "$backend"; done
rates=()
for share in 50 80 120; do rates+=(--rate $((found * share / 100 + 1))); done
printf '\n== open loop: %s, %s s each at 50, 80 and 120 %% of %s requests a second; in milliseconds\n' "$path" "$seconds" "$found"
open_loop "${rates[@]}" --seconds "$seconds" "pool=${address[pool]}" "blocking=${address[blocking]}" ||
    { cat "$folder/open-loop"; exit 1; }
show
for one in "${backends[@]}"; do
    printf '\n== %s: SIGTERM in the midst of an open loop\n' "$one"
    open_loop --may-end "${rates[@]:2:2}" --seconds 3 "$one=${address[$one]}" &
    loading=$!
    end "$one"
    wait "$loading"
    show
    # The server has counted nothing else.
    [ "$has_answered" = "${answers[$one]}" ] || { echo "$one: $has_answered answers, of which ${answers[$one]} arrived" >&2; exit 1; }
done
