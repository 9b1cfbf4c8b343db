"""Trains on random data with DistributedDataParallel, as scripts for Weights & Biases do. Nothing here is ours.

torchrun --nproc-per-node 2 train_ddp.py --group first
"""

from __future__ import annotations

import argparse
import os

import torch
import torch.distributed as dist
import wandb
from torch import nn
from torch.nn.parallel import DistributedDataParallel

BATCH_SIZE, INPUTS = 32, 16


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank, world_size = dist.get_rank(), dist.get_world_size()
    run = start(arguments, rank, world_size)
    train(arguments, run, rank)
    if run is not None:
        run.finish()
    dist.destroy_process_group()


def start(arguments: argparse.Namespace, rank: int, world_size: int) -> wandb.Run | None:
    """Start a run for each rank of a group. In a sweep, only rank 0 has one."""
    config = vars(arguments) | {"rank": rank, "world_size": world_size}
    if arguments.group:
        return wandb.init(project="wandb-ddp", group=arguments.group, name=f"rank-{rank}", config=config)
    return wandb.init(config=config) if rank == 0 else None


def train(arguments: argparse.Namespace, run: wandb.Run | None, rank: int) -> None:
    """Fit a linear function of random inputs."""
    torch.manual_seed(rank)
    truth = torch.linspace(-1, 1, INPUTS)
    model = DistributedDataParallel(nn.Linear(INPUTS, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=arguments.lr)
    for step in range(arguments.steps):
        inputs = torch.randn(BATCH_SIZE, INPUTS)
        loss = nn.functional.mse_loss(model(inputs).squeeze(1), inputs @ truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if run is not None:
            run.log({"loss": loss.item(), "step": step})


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--group", default=os.environ.get("WANDB_RUN_GROUP", ""))
    return parser.parse_args()


if __name__ == "__main__":
    main()
