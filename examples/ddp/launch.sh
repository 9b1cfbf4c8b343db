#!/bin/sh
# Runs the examples. Without an argument: training on two ranks, then the sweep.
set -eu
cd "$(dirname "$0")"

what=${1:-all}
[ $# -eq 0 ] || shift

case "$what" in
  torchrun) torchrun --nproc-per-node 2 train_lightning.py --mode grouped "$@" ;;
  script) python train_lightning.py --devices 2 --mode grouped "$@" ;;
  spawn) python train_lightning.py --devices 2 --strategy ddp_spawn --mode grouped "$@" ;;
  ddp) torchrun --nproc-per-node 2 train_ddp.py --mode grouped "$@" ;;
  sweep)
    id=$(lightning-sweeps sweep sweep.yaml --json | python -c 'import json, sys; print(json.load(sys.stdin)["id"])')
    lightning-sweeps agent "$id" --slots "${SLOTS:-2}" "$@"
    lightning-sweeps status "$id"
    lightning-sweeps ui "$id" --no-open
    ;;
  where) lightning-sweeps ui --no-open ;;
  all) "./$(basename "$0")" torchrun && "./$(basename "$0")" sweep ;;
  *)
    echo "usage: $0 [torchrun|script|spawn|ddp|sweep|where] [further options]" >&2
    exit 2
    ;;
esac
