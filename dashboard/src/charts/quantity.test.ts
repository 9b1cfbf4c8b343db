import { describe, expect, it } from "vitest";
import { describe as describeQuantity, parseKey, rankOf } from "./quantity";

describe("parseKey", () => {
  it.each([
    ["cpu.percent", { rank: null, gpu: null, quantity: "cpu.percent" }],
    ["gpu.0.power_w", { rank: null, gpu: "0", quantity: "power_w" }],
    ["rank.12.gpu.1:0.memory_used_bytes", { rank: "12", gpu: "1:0", quantity: "memory_used_bytes" }],
    ["rank.1.threads", { rank: "1", gpu: null, quantity: "threads" }],
    ["", { rank: null, gpu: null, quantity: "" }],
  ])("takes %s apart", (key, sampled) => {
    expect(parseKey(key)).toEqual(sampled);
  });
});

describe("describe", () => {
  it("tells the same quantity of nodes and of processes apart", () => {
    expect(describeQuantity(parseKey("cpu.percent"), "node").title).toBe("CPU, of all cores");
    expect(describeQuantity(parseKey("cpu.percent"), "process").title).toBe("CPU (100 % is one core)");
  });

  it("has a title for quantities that it does not know", () => {
    expect(describeQuantity(parseKey("gpu.0.fan_percent"), "node").title).toBe("GPU fan percent");
    expect(rankOf(parseKey("unknown"), "node")).toBeGreaterThan(rankOf(parseKey("disk.percent"), "node"));
  });
});
