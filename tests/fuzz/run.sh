#!/bin/sh
# ./run.sh [SECONDS] [TARGET...]: as c-compat's, with the targets here.
FUZZ_FOLDER=$(dirname "$0") FUZZ_FLAGS="--cfg system_allocator" exec "$(dirname "$0")/../../c-compat/fuzz/run.sh" "$@"
