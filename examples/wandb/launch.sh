#!/bin/sh
# Runs an unmodified script for Weights & Biases, and its sweep, on a server of this machine.
set -eu
cd "$(dirname "$0")"

lightning-sweeps runs >/dev/null # starts the server
WANDB_BASE_URL=$(lightning-sweeps server --show | sed -n 's/^WANDB_BASE_URL=//p')
WANDB_API_KEY=$(lightning-sweeps server --show | sed -n 's/^WANDB_API_KEY=//p')
WANDB_DIR=${WANDB_DIR:-$(mktemp -d)}
export WANDB_BASE_URL WANDB_API_KEY WANDB_DIR

torchrun --nproc-per-node=2 --standalone train_ddp.py --group first
sweep=$(wandb sweep sweep.yaml 2>&1 | tee /dev/stderr | sed -n 's/.*wandb agent \([^ ]*\).*/\1/p' | tail -n 1)
wandb agent "$sweep"

lightning-sweeps runs --project wandb-ddp
lightning-sweeps status "${sweep##*/}"
lightning-sweeps ui "${sweep##*/}" --no-open
