#!/bin/sh
# Runs the checks that need a GPU, on what is installed for $PYTHON, in at most 5 minutes. Uses no network.
# WHEELS=FOLDER: installs the wheels of that folder into a temporary folder first.
# ONLY=benchmark: runs the benchmark instead, in at most 5 minutes. ONLY="checks benchmark": both.
# REHEARSAL=1 (with a fake NVML, see tests/structure/test_gpu_script.py): on a stand-in for the GPU (tests/gpu/rehearsal), to test this script. It says nothing about a GPU.
set -u
python=${PYTHON:-python3}
cd "$(dirname "$0")/../.." || exit 1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
packages=$folder/site-packages # reports of stalls know libraries by such a name
if [ -n "${WHEELS:-}" ]; then
  "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir --target "$packages" "$WHEELS"/*.whl || exit 1
fi
export PYTHONPATH="$packages:$PWD${PYTHONPATH:+:$PYTHONPATH}"
times=1
if [ -n "${REHEARSAL:-}" ]; then
  export PYTHONPATH="$PWD/tests/gpu/rehearsal:$PWD/tests/fakes/nvml:$PYTHONPATH"
  times=5 # on a busy machine without a GPU
fi
started_at=$(date +%s)
status=0
limits=
"$python" -c "import pytest_timeout" 2>/dev/null && limits="--timeout=$((60 * times))"
check() { # the second at which it must end, files
  seconds=$(($1 * times - $(date +%s) + started_at))
  shift
  timeout --signal=INT --kill-after=5 "$seconds" \
    "$python" -m pytest "$@" -vv -W default -p no:cacheprovider -p tests.gpu.results -rfE --durations=8 $limits || status=1
}
case "${ONLY:-checks}" in *checks*)
  check 140 tests/gpu/test_nvml.py tests/gpu/test_logging.py tests/gpu/test_training.py
  check 290 tests/gpu/test_agents.py
  ;;
esac
case "${ONLY:-checks}" in *benchmark*)
  timeout --signal=INT --kill-after=5 290 "$python" -m benchmarks.gpu
  case $? in
    0) ;;
    77) echo "benchmark: skipped" ;;
    *) status=1 ;;
  esac
  ;;
esac
exit $status
