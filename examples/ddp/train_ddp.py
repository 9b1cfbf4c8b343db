"""Trains on digits with plain DistributedDataParallel: torchrun --nproc-per-node 2 train_ddp.py --mode grouped"""

from __future__ import annotations

import argparse
import gc
import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from data import CLASSES, PIXELS, load
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import lightning_sweeps

STOPPED = "the sweep stopped this trial"


@dataclass(frozen=True)
class Ranks:
    """The rank and the device of this process."""

    rank: int
    world_size: int
    device: torch.device


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    ranks = join()
    run = lightning_sweeps.init(arguments.project, mode=arguments.mode, config=vars(arguments))
    try:
        is_stopped = train(arguments, run, ranks)
    finally:
        gc.collect()  # the model and its hooks form a reference cycle that keeps the group alive
        dist.destroy_process_group()
    if is_stopped:
        run.finish("stopped", reason=STOPPED)
    else:
        lightning_sweeps.finish()


def join() -> Ranks:
    """Join the process group that torchrun describes. Without torchrun, this process is a group of one."""
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}.items():
        os.environ.setdefault(name, value)
    has_gpu = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if has_gpu else torch.device("cpu")
    if has_gpu:
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if has_gpu else "gloo")
    return Ranks(dist.get_rank(), dist.get_world_size(), device)


def train(arguments: argparse.Namespace, run: lightning_sweeps.Run, ranks: Ranks) -> bool:
    """Train. Return whether the sweep has stopped the training."""
    torch.manual_seed(arguments.seed)  # the same initial weights on every rank
    network = nn.Sequential(
        nn.Linear(PIXELS, arguments.hidden),
        nn.ReLU(),
        nn.Dropout(arguments.dropout),
        nn.Linear(arguments.hidden, CLASSES),
    ).to(ranks.device)
    model = DistributedDataParallel(network)
    torch.manual_seed(arguments.seed + ranks.rank)  # different dropout on each rank
    optimizer = torch.optim.Adam(model.parameters(), lr=arguments.lr)
    train_set, val_set = load()
    sampler = DistributedSampler[tuple[Tensor, ...]](train_set, ranks.world_size, ranks.rank, seed=arguments.seed)
    loader = DataLoader(train_set, batch_size=arguments.batch_size, sampler=sampler)
    step = 0
    for epoch in range(arguments.epochs):
        sampler.set_epoch(epoch)  # a new order in every epoch
        network.train()
        for inputs, targets in loader:
            loss = nn.functional.cross_entropy(model(inputs.to(ranks.device)), targets.to(ranks.device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log({"train/loss": loss.item(), "epoch": epoch}, step)
            step += 1
        run.log({**validate(network, val_set, ranks), "epoch": epoch}, step - 1)
        if broadcast_stop(run.stop_requested() is not None, ranks):
            return True
    return False


@torch.no_grad()
def validate(network: nn.Module, val_set: TensorDataset, ranks: Ranks) -> dict[str, float]:
    """Return loss and accuracy over the images of all ranks. Each image is counted once."""
    network.eval()
    inputs, targets = (tensor[ranks.rank :: ranks.world_size].to(ranks.device) for tensor in val_set.tensors)
    outputs = network(inputs)  # without DDP, which needs the same number of batches on every rank
    sums = torch.stack(
        [
            nn.functional.cross_entropy(outputs, targets, reduction="sum"),
            (outputs.argmax(dim=1) == targets).sum(),
            torch.tensor(len(targets), device=ranks.device),
        ]
    ).double()
    dist.all_reduce(sums)
    loss, correct, count = sums.tolist()
    return {"val/loss": loss / count, "val/accuracy": correct / count}


def broadcast_stop(is_stop: bool, ranks: Ranks) -> bool:
    """Return rank 0's answer on every rank. No rank may leave while another one waits for its gradients."""
    flag = torch.tensor(int(is_stop), device=ranks.device)
    dist.broadcast(flag, src=0)
    return bool(flag.item())


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--batch_size", type=int, default=64, help="images per rank and step")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--mode", choices=["single", "grouped", "shared"], default="grouped")
    parser.add_argument("--project", default=None)
    return parser.parse_args()


if __name__ == "__main__":
    main()
