"""A program on several ranks gets its arguments as they are, whatever their names: torchrun takes none of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributed.run import get_args_parser

from lightning_sweeps.agents.launch.command import CommandContext, build_command, program_words
from lightning_sweeps.client import Client
from lightning_sweeps.core.paths import TrialFolder
from lightning_sweeps.sweeps.checks import PARAMETER_NAME
from tests.agents.trials import make_sweep, run_agents

TORCHRUN = get_args_parser()
OPTIONS = sorted(
    word.lstrip("-") for action in TORCHRUN._actions for word in action.option_strings if word.startswith("--")
)
CONTEXT = CommandContext(sys.executable, {}, TrialFolder(Path("/h/trials/t1")), processes=2, launch_id="t1-0")
TORCHRUN_COMMAND = ["${interpreter}", "-m", "torch.distributed.run", "--nproc-per-node=2", "${program}"]

prefixes = st.sampled_from(OPTIONS).flatmap(
    lambda option: st.integers(1, len(option)).map(lambda length: option[:length])
)
names = prefixes | st.from_regex(PARAMETER_NAME, fullmatch=True)
values = st.integers() | st.sampled_from(["--", "--r", "-h", "", "a b", "=x"])


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.sampled_from(["", "args", "args_no_equals"]))
@settings(max_examples=60)
def test_torchrun_passes_parameters_of_every_name_to_the_program(params: dict[str, Any], macro: str) -> None:
    config = {"program": "train.py", "command": [*TORCHRUN_COMMAND, f"${{{macro}}}"]} if macro else {"program": "t.py"}
    words = build_command(config, params, context=CONTEXT)
    plain = {"program": "train.py"}
    expected = program_words(plain, params, context=CONTEXT)[1:]
    if macro == "args_no_equals":
        expected = [word for name, value in params.items() for word in (f"--{name}", str(value))]
    parsed = TORCHRUN.parse_args(words[3:])
    assert (parsed.training_script, parsed.training_script_args) == (config["program"], expected)
    assert int(parsed.nproc_per_node) == 2


@pytest.mark.launch
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_ranks_get_parameters_that_are_named_like_options_of_torchrun(
    client: Client, tmp_path: Path, warm: bool
) -> None:
    script = "import json, os, sys\njson.dump(sys.argv[1:], open(f'argv-{os.environ[\"RANK\"]}', 'w'))\n"
    letters = ["r", "s", "n", "m", "l", "d", "e", "h", "nnodes", "run-path", "no-python"]
    sweep_id = make_sweep(
        client,
        tmp_path,
        script,
        parameters={name: {"value": number} for number, name in enumerate(letters)} | {"x": {"values": [1]}},
        resources={"processes": 2},
    )
    ended = run_agents(sweep_id, folder=tmp_path, warm=warm)
    assert (ended.status, ended.err) == (0, "")
    expected = [f"--{name}={number}" for number, name in enumerate(letters)]
    for rank in range(2):
        assert sorted(json.loads((tmp_path / f"argv-{rank}").read_text())) == sorted([*expected, "--x=1"])
