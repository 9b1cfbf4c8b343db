import { describe, expect, it } from "vitest";
import type { NodeAgent, NodeRun, NodeStatus } from "../api/types";
import { gpusNow, isQuiet, placesOfRun, usageOf } from "./occupancy";

describe("occupancy", () => {
  const run: NodeRun = {
    ...{ id: "r", project: "p", name: "n", group: "g", rank: 0, world_size: 1, user: "u", sweep: null, trial: null },
    ...{ created: 0, gpus: ["0"], values: {} },
  };
  const agent = (gpus: string[], trial: string | null): NodeAgent => ({
    agent: {
      ...{ id: "a", sweep: "s", host: "h", node: "n", pid: 1, slot: 0, gpus, state: "working", trial },
      ...{ trials_done: 0, registered: 0, seen: 0, spent_s: {} },
    },
    ...{ sweep_name: "s", trial_number: null, trial_since: null, lease_expires: null },
  });
  const device = (place: string) => ({ place, uuid: `GPU-${place}`, name: "H100", memory_bytes: 8e10 });
  const status = (more: Partial<NodeStatus>): NodeStatus => ({
    node: {
      ...{ id: "n", host: "h", cpu_count: 1, memory_bytes: 1, gpus: [], seen: 100 },
      devices: ["0", "1", "2", "3"].map(device),
    },
    ...{ values: {}, runs: [], agents: [] },
    ...more,
  });
  const states = (more: Partial<NodeStatus>) => gpusNow(status(more)).map((gpu) => gpu.state);

  it("tells used, reserved, foreign, idle and unknown GPUs apart", () => {
    const values = { "gpu.1.memory_used_bytes": 2e9, "gpu.2.utilization_percent": 0 };
    expect(states({ runs: [run], values })).toEqual(["used", "foreign", "idle", "unknown"]);
    expect(states({ agents: [agent(["3"], null)] })[3]).toBe("reserved");
    expect(states({ agents: [agent(["3"], "t")] })[3]).toBe("used");
    expect(states({ values: { "gpu.0.utilization_percent": 5 } })[0]).toBe("foreign");
  });

  it("believes what was measured more than what was given", () => {
    const measured = { ...run, values: { "gpu.2.memory_used_bytes": 1 } };
    expect(placesOfRun(measured, status({}).node.devices)).toEqual(["2"]);
    expect(placesOfRun(run, status({}).node.devices)).toEqual(["0"]);
  });

  it("adds up the use of a run's ranks", () => {
    const values = { "rank.0.gpu.0.memory_used_bytes": 1, "rank.1.gpu.0.memory_used_bytes": 2, "cpu.percent": 7 };
    expect(usageOf({ ...run, values }, "memory_used_bytes", "0")).toBe(3);
    expect(usageOf({ ...run, values }, "cpu.percent")).toBe(7);
    expect(usageOf({ ...run, values }, "threads")).toBeNull();
  });

  it("calls a node quiet after a minute", () => {
    expect(isQuiet(status({}), 160)).toBe(false);
    expect(isQuiet(status({}), 161)).toBe(true);
  });
});
