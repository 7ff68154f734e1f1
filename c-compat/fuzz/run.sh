#!/bin/sh
# ./run.sh [SECONDS] [TARGET...]: builds the targets with the stable compiler and runs each for so long, 60 seconds if not
# said. It is what cargo fuzz does, without cargo fuzz. Each begins with what tests/fuzz/seeds.py has for it.
cd "${FUZZ_FOLDER:-$(dirname "$0")}" || exit
seconds=${1:-60}
[ $# -gt 0 ] && shift
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="--cfg fuzzing -Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 ${FUZZ_FLAGS:-}"
host=$(rustc -vV | sed -n 's/^host: //p')
# A leak is what nothing points to: not an entry whose address stands in a bucket beside 16 bits of its hash.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS:-}"
python3 ../../tests/fuzz/seeds.py . || exit
cargo build -q --release --target "$host" || exit
for target in ${*:-$(ls fuzz_targets | sed 's/\.rs$//')}; do
    mkdir -p "corpus/$target" artifacts
    echo "== $target"
    "target/$host/release/$target" -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 \
        -artifact_prefix=artifacts/ "corpus/$target" || exit
done
