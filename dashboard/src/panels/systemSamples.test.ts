import { describe, expect, it } from "vitest";
import type { Node, Run, SeriesInfo } from "../api/types";
import { groupSamples, nodeSamples, nodeText, runSamples } from "./systemSamples";

const run = (more: Partial<Run>) => ({ id: "r", mode: "grouped", rank: 3, world_size: 2, node: "n", ...more }) as Run;
const info = (key: string) => ({ key, count: 5 }) as SeriesInfo;
const NODE: Node = {
  ...{ id: "n", host: "h", cpu_count: 8, memory_bytes: 64e9, gpus: ["H100"], seen: 0 },
  devices: [{ place: "0", uuid: "GPU-0", name: "H100", memory_bytes: 8e10 }],
};

describe("runSamples", () => {
  it("labels series by what their names say", () => {
    const labels = (more: Partial<Run>, key: string) => runSamples(run(more), [info(key)])[0]?.label;
    expect(labels({}, "cpu.percent")).toBe("rank 3");
    expect(labels({ mode: "single" }, "cpu.percent")).toBe("this run");
    expect(labels({ mode: "shared" }, "rank.1.gpu.0.memory_used_bytes")).toBe("rank 1, GPU 0");
  });
});

describe("nodeSamples", () => {
  it("marks a run's own GPUs among the others", () => {
    const keys = [info("gpu.0.power_w"), info("gpu.1.power_w"), info("cpu.percent")];
    expect(nodeSamples("n", keys, ["1"]).map(({ isOwn }) => isOwn)).toEqual([false, true, undefined]);
    expect(nodeSamples("n", keys, []).map(({ isOwn }) => isOwn)).toEqual([undefined, undefined, undefined]);
  });
});

describe("groupSamples", () => {
  it("has one colour for each rank, and series of each GPU of its node", () => {
    const samples = groupSamples([run({ id: "a" }), run({ id: "b", rank: 4 })], [NODE], "1");
    expect(new Set(samples.map(({ color }) => color))).toEqual(new Set([0, 1]));
    expect(samples.map(({ key }) => key)).toContain("gpu.0.memory_used_bytes");
  });

  it("has the series of all ranks of a shared run", () => {
    const keys = groupSamples([run({ mode: "shared" })], [], "1").map(({ key }) => key);
    expect(keys).toContain("rank.0.cpu.percent");
    expect(keys).toContain("rank.1.cpu.percent");
    expect(groupSamples([], [NODE], "1")).toEqual([]);
  });
});

describe("nodeText", () => {
  it("describes a machine in one line", () => {
    expect(nodeText(NODE)).toBe("8 CPUs · 64 GB · 1 × H100");
  });
});
