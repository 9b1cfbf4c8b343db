"""Two server processes on one PostgreSQL hand out each point once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.server_sweeps.driver import Server
from tests.server_sweeps.test_lifecycle import work_to_the_end
from tests.servers import PostgreSQL, running_server


def test_two_servers_hand_out_each_point_once(postgres: PostgreSQL, tmp_path: Path) -> None:
    database = postgres.new_database()
    with ExitStack() as stack:
        servers = [
            Server(*stack.enter_context(running_server(tmp_path / name, database)), stack) for name in ("one", "two")
        ]
        parameters = {"x": {"min": 1, "max": 10}, "y": {"min": 1, "max": 4}}
        sweep_id = servers[0].create(parameters=parameters, early_terminate={"type": "hyperband", "min_iter": 1})
        agents = [server.agent(sweep_id, slot=slot) for server in servers for slot in range(4)]
        with ThreadPoolExecutor(len(agents)) as pool:
            given = [trial for trials in pool.map(work_to_the_end, agents) for trial in trials]
        points = sorted((trial.params["x"], trial.params["y"]) for trial in given)
        assert points == [(x, y) for x in range(1, 11) for y in range(1, 5)]
        sweep = servers[1].client.sweep(sweep_id)
        assert sweep.state == "finished"
        assert sum(sweep.counts.values()) == 40
        assert sweep.counts.keys() <= {"finished", "stopped"}
    postgres.drop(database)
