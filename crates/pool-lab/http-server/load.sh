#!/usr/bin/env bash
# Loads the server with wrk (Debian: apt-get install wrk), each backend for so many seconds, by default 30, and sends it SIGTERM while a
# second wrk is at it. Usage: load.sh [SECONDS [CONNECTIONS [PATH]]]
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-30} connections=${2:-128} path=${3:-/primes/20000}
profile=${PROFILE:-release}
command -v wrk >/dev/null || { echo "wrk is not installed" >&2; exit 1; }
cargo build --quiet --profile "${profile/debug/dev}" --bin http-server
server="${CARGO_TARGET_DIR:-../../../target}/$profile/http-server"
for backend in pool blocking; do
    said=$(mktemp)
    "$server" --listen 127.0.0.1:0 --backend "$backend" --workers 2 --queue 64 >"$said" &
    pid=$!
    until grep -q "listening at" "$said"; do kill -0 "$pid"; sleep 0.1; done
    address=$(sed -n 's/listening at //p' "$said")
    printf '\n== %s: %s connections, %s, %s s\n' "$backend" "$connections" "$path" "$seconds"
    wrk -t 1 -c "$connections" -d "${seconds}s" --latency "http://$address$path"
    curl -s "http://$address/metrics" | grep -E '^http_responses_total|_seconds_(sum|count)' || true
    wrk -t 1 -c "$connections" -d 3s "http://$address$path" >/dev/null &
    loading=$!
    sleep 1
    kill -TERM "$pid"
    wait "$pid"
    wait "$loading" || true
    tail -n 1 "$said"
    rm -f "$said"
done
