#!/usr/bin/env bash
# Counts what the hot paths execute: instructions and locked operations, per operation.
#
#   benches/instructions.sh            writes results/instructions.csv and results/instructions.md
#
# Times of one machine drift; these counts hardly do, so a regression shows in them that is lost in the noise elsewhere.
# Each path runs at two sizes under callgrind, which cancels what a process does once, and the difference is divided by
# the operations that the larger one has more. One worker, and valgrind lets one thread run at a time: what contention
# costs, and what a cache misses, is not in these numbers. Takes about two minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
    echo "instructions.sh: valgrind is not installed; it counts the instructions (Debian: apt install valgrind)" >&2
    exit 2
fi

cargo build --release --quiet -p pool-lab
program="${CARGO_TARGET_DIR:-target}/release/pool-lab"
# A path: its name, the workload with a parameter, the small and the large value of this parameter.
mapfile -t PATHS < <("$program" counted | sed -n 's/^path|//p')
mapfile -t ENGINES < <("$program" counted | sed -n 's/^engine|//p')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints "operations instructions locked" of one run, or nothing when the engine cannot do the workload.
count() {
    local profile="$scratch/profile" operations
    operations=$(valgrind --quiet --tool=callgrind --collect-bus=yes --callgrind-out-file="$profile" \
        "$program" run -w "$1" -p "$2:1" 2>"$scratch/errors") || {
        grep -q ': no ' "$scratch/errors" && return
        cat "$scratch/errors" >&2
        exit 1
    }
    # The events are named in the file, so that their order does not matter.
    awk -v operations="$operations" '
        /^events:/  { for (i = 2; i <= NF; i++) column[$i] = i }
        /^(summary|totals):/ { print operations, $column["Ir"], $column["Ge"]; exit }' "$profile"
}

mkdir -p results
csv=results/instructions.csv
echo "path,engine,instructions_per_op,locked_per_op" >"$csv"
for path in "${PATHS[@]}"; do
    IFS='|' read -r name workload small large <<<"$path"
    for engine in "${ENGINES[@]}"; do
        few=$(count "$workload=$small" "$engine")
        [ -n "$few" ] || continue
        many=$(count "$workload=$large" "$engine")
        echo "$few $many" | awk -v OFS=, -v name="\"$name\"" -v engine="$engine" '{
            more = $4 - $1
            locked = ($6 - $3) / more
            # A few operations of the waiting thread come and go: no path unlocks anything.
            print name, engine, sprintf("%.1f", ($5 - $2) / more), sprintf("%.2f", locked > 0 ? locked : 0) }' |
            tee -a "$csv" >&2
    done
done

# The table: a row a path, a column an engine.
{
    echo "# Instructions and locked operations"
    echo
    echo "Per operation, counted by callgrind with one worker; locked operations in parentheses. Submitter and worker are"
    echo "counted together. Made by \`benches/instructions.sh\`, $(rustc --version | cut -d' ' -f1-2), $(uname -m)."
    echo
    awk -F, -v engines="${ENGINES[*]}" '
        BEGIN { count = split(engines, engine, " "); head = "| path |"; rule = "| --- |"
                for (i = 1; i <= count; i++) { head = head " " engine[i] " |"; rule = rule " ---: |" }
                print head; print rule }
        NR == 1 { next }
        # A name in quotes may hold a comma, so fields are counted from the end.
        { name = $1; for (i = 2; i <= NF - 3; i++) name = name "," $i; gsub(/"/, "", name)
          if (!(name in seen)) { seen[name] = 1; order[++rows] = name }
          cell[name, $(NF - 2)] = $(NF - 1) " (" $NF ")" }
        END { for (r = 1; r <= rows; r++) {
                  line = "| " order[r] " |"
                  for (i = 1; i <= count; i++) {
                      key = order[r] SUBSEP engine[i]
                      line = line " " ((key in cell) ? cell[key] : "n/a") " |" }
                  print line } }' "$csv"
} >results/instructions.md
echo "Written: $csv, results/instructions.md" >&2
