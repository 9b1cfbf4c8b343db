import { describe, expect, it } from "vitest";
import { metricColumnOf, metricTitle } from "./metricColumns";

describe("metricColumnOf", () => {
  it("knows the value and the metric", () => {
    expect(metricColumnOf("min.val/loss.v2")).toEqual({ statistic: "min", metric: "val/loss.v2" });
    expect(metricColumnOf("summary.acc")).toEqual({ statistic: "summary", metric: "acc" });
  });

  it.each(["config.min", "state", "min", ".min"])("is null for %s", (id) => {
    expect(metricColumnOf(id)).toBeNull();
  });
});

describe("metricTitle", () => {
  it("names the statistic", () => {
    expect(metricTitle({ statistic: "mean", metric: "acc" })).toBe("acc mean");
    expect(metricTitle({ statistic: "summary", metric: "acc" })).toBe("acc");
  });
});
