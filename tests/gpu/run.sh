#!/bin/sh
# Runs the checks and the benchmark that need a GPU, on what is installed for $PYTHON. Uses no network.
# WHEELS=FOLDER: installs the wheels of that folder into a temporary folder first.
set -u
python=${PYTHON:-python3}
cd "$(dirname "$0")/../.." || exit 1
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
if [ -n "${WHEELS:-}" ]; then
  "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir --target "$packages" "$WHEELS"/*.whl || exit 1
fi
export PYTHONPATH="$packages:$PWD"
status=0
timeout "${CHECKS_S:-240}" "$python" -m pytest tests/gpu -W default -p no:cacheprovider -rA --durations=12 || status=1
timeout "${BENCHMARK_S:-240}" "$python" -m benchmarks.gpu || status=1
exit $status
