#!/bin/sh
# Runs the checks and the benchmark that need a GPU, on what is installed for $PYTHON. Uses no network.
# WHEELS=FOLDER: installs the wheels of that folder into a temporary folder first. ONLY=checks or ONLY=benchmark: one part.
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
limits=
"$python" -c "import pytest_timeout" 2>/dev/null && limits="--timeout=60"
check() { # seconds, files
  seconds=$1
  shift
  timeout --signal=INT "$seconds" "$python" -m pytest "$@" -vv -W default -p no:cacheprovider -rA --durations=8 $limits || status=1
}
case "${ONLY:-checks benchmark}" in *checks*)
  check 120 tests/gpu/test_nvml.py tests/gpu/test_logging.py tests/gpu/test_training.py
  check 150 tests/gpu/test_agents.py
  ;;
esac
case "${ONLY:-checks benchmark}" in *benchmark*)
  timeout --signal=INT 240 "$python" -m benchmarks.gpu || status=1
  ;;
esac
exit $status
