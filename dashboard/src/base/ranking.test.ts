import { describe, expect, it } from "vitest";
import { byMetricRank, groupName, isLowerBetter, metricRank } from "./ranking";

describe("byMetricRank", () => {
  it("puts validation before training, and what describes ranks last", () => {
    const keys = ["rank/step_s", "epoch", "train/loss", "val/loss", "eval_acc", "lr/group", "test/acc", "grad/norm"];
    expect(keys.sort(byMetricRank)).toEqual([
      ...["eval_acc", "test/acc", "val/loss", "train/loss", "lr/group", "epoch", "grad/norm", "rank/step_s"],
    ]);
  });

  it("puts losses and accuracies before other metrics", () => {
    const keys = ["eval/gsm8k@1", "train/grad", "val_per_class/1", "train/loss", "val/loss", "val/top5_acc"];
    expect(keys.sort(byMetricRank)).toEqual([
      ...["val/loss", "val/top5_acc", "train/loss", "eval/gsm8k@1", "val_per_class/1", "train/grad"],
    ]);
  });

  it("orders metrics of one rank by name", () => {
    expect(byMetricRank("val/a", "val/b")).toBeLessThan(0);
    expect(byMetricRank("val/a", "val/a")).toBe(0);
  });

  it("does not take a name that only contains a word for one that starts with it", () => {
    expect(metricRank("my_val")).toBe(metricRank("loss"));
    expect(metricRank("ranking/loss")).toBe(metricRank("a/b"));
  });
});

describe("isLowerBetter", () => {
  it("goes by words of the name", () => {
    expect(["val/loss", "test_mse", "latency_ms", "val/acc", "closs", "f1"].map(isLowerBetter)).toEqual([
      ...[true, true, true, false, false, false],
    ]);
  });
});

describe("groupName", () => {
  it("is the name that all ranks share", () => {
    expect(
      groupName([
        { name: "fit-rank0", group: "g" },
        { name: "fit-rank12", group: "g" },
      ]),
    ).toBe("fit");
  });

  it("is the group's own name if the ranks share none", () => {
    expect(
      groupName([
        { name: "a", group: "g" },
        { name: "b", group: "g" },
      ]),
    ).toBe("g");
    expect(groupName([{ name: "", group: "g" }])).toBe("g");
    expect(groupName([])).toBe("");
  });
});
