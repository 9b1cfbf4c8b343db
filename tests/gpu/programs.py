"""Training programs for the checks of agents and of Lightning on a GPU."""

from __future__ import annotations

SHOW_DEVICE = """
import os, sys, time, torch
import lightning_sweeps as ls
run = ls.init()
uuid = str(torch.cuda.get_device_properties(0).uuid)
started = time.time()
a = torch.randn(512, 512, device="cuda")
for _ in range(5):
    a = (a @ a).tanh()
torch.cuda.synchronize()
run.log({"x": 1.0})
open("shown", "a").write(f"{os.environ.get('CUDA_VISIBLE_DEVICES')} {torch.cuda.device_count()} {uuid}\\n")
"""

SHOW_MEMORY = """
import torch
import lightning_sweeps as ls
run = ls.init()
free, total = torch.cuda.mem_get_info()
held = torch.zeros(2**30, dtype=torch.uint8, device="cuda")
torch.cuda.synchronize()
run.log({"x": 1.0})
open("shown", "a").write(f"{total - free}\\n")
"""

TRAIN = """
import sys, torch, lightning.pytorch as L
from torch.utils.data import DataLoader, TensorDataset
from lightning_sweeps import SweepCallback, SweepLogger

class Model(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.Dropout(0.1), torch.nn.Linear(64, 2))
    def training_step(self, batch, _):
        loss = torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)

if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    L.seed_everything(7, verbose=False)
    data = TensorDataset(torch.randn(256, 32), torch.randint(0, 2, (256,)))
    trainer = L.Trainer(max_epochs=2, devices=1, accelerator="gpu", logger=SweepLogger(), callbacks=[SweepCallback()],
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1)
    trainer.fit(Model(), DataLoader(data, batch_size=32, shuffle=True))
    open("losses", "a").write(f"{trainer.callback_metrics['loss'].item()!r}\\n")
"""

COMPILE = """
import sys, torch
import lightning_sweeps as ls
run = ls.init()
model = torch.compile(torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)).cuda())
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(128, 64, device="cuda")
for step in range(5):
    loss = model(x).square().mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    run.log({"loss": loss}, step=step)
"""

OUT_OF_MEMORY = """
import torch
import lightning_sweeps as ls
run = ls.init()
held = [torch.zeros(2**33, dtype=torch.uint8, device="cuda") for _ in range(1000)]
"""

HOLD_MOST = """
import sys, torch
free, _ = torch.cuda.mem_get_info()
held = torch.zeros(free - 4 * 2**30, dtype=torch.uint8, device="cuda")
torch.cuda.synchronize()
print("ready", flush=True)
sys.stdin.read()
"""

PRECISION = """
import sys, torch, lightning.pytorch as L
from lightning.pytorch.callbacks import DeviceStatsMonitor
from lightning.pytorch.demos.boring_classes import BoringModel
from lightning_sweeps import SweepCallback, SweepLogger

class Model(BoringModel):
    def training_step(self, batch, batch_idx):
        loss = self.step(batch)
        self.log("loss", loss)
        return loss

logger = SweepLogger("precision", mode=sys.argv[2])
model = Model()
logger.watch(model, log="all", log_freq=4)
trainer = L.Trainer(accelerator="gpu", devices=int(sys.argv[3]), strategy=sys.argv[4],
    precision=sys.argv[1], max_epochs=1, limit_train_batches=12, limit_val_batches=1, log_every_n_steps=2,
    logger=logger, callbacks=[SweepCallback(), DeviceStatsMonitor()],
    enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
trainer.fit(model)
logger.unwatch()
"""

STALL = """
import torch
import lightning_sweeps as ls
run = ls.init("stalls")
run.log({"x": 1})

def train_step():
    torch.cuda._sleep(3 * 10**10)
    torch.cuda.synchronize()

train_step()
"""

STALLED_COLLECTIVE = """
import os, time, torch
import torch.distributed as dist
import lightning_sweeps as ls
torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
dist.init_process_group("nccl")
run = ls.init("stalls")
run.log({"x": 1})

def lost():
    while True:
        time.sleep(0.1)

def train_step():
    dist.all_reduce(torch.ones(1, device="cuda"))
    torch.cuda.synchronize()

if run.rank == 1:
    lost()
train_step()
"""
