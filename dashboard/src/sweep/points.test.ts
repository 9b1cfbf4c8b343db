import { describe, expect, it } from "vitest";
import { fieldsOf, pointOf } from "./points";

const CONFIG = {
  parameters: {
    lr: { distribution: "log_uniform_values", min: 1e-4, max: 0.1 },
    layers: { values: [1, 2] },
    kind: { values: ["a", "b"] },
    fixed: { value: 3 },
    constant: { distribution: "constant", value: 3 },
    model: { parameters: { width: { min: 8, max: 64 } } },
    free: { distribution: "normal", mu: 0, sigma: 1 },
  },
};

describe("fieldsOf", () => {
  it("has a field for each parameter that is not constant, nested ones by their dotted names", () => {
    expect(fieldsOf({ config: CONFIG }, null)).toEqual([
      { name: "lr", choices: [], hint: "0.0001 … 0.1", start: "0.0001" },
      { name: "layers", choices: ["1", "2"], hint: "", start: "1" },
      { name: "kind", choices: ['"a"', '"b"'], hint: "", start: '"a"' },
      { name: "model.width", choices: [], hint: "8 … 64", start: "8" },
      { name: "free", choices: [], hint: "", start: "" },
    ]);
  });

  it("starts with the values of the best trial, in few digits", () => {
    const best = { params: { lr: 0.123456789, layers: 2, kind: "b", model: { width: 0 } } };
    expect(fieldsOf({ config: CONFIG }, best).map((field) => field.start)).toEqual(["0.123457", "2", '"b"', "0", ""]);
  });

  it("has no fields without parameters", () => {
    expect(fieldsOf({ config: {} }, null)).toEqual([]);
  });
});

describe("pointOf", () => {
  it("reads numbers, lists and booleans as JSON, and others as text", () => {
    expect(pointOf({ a: "1e-3", b: ".5", c: "true", d: "[1, 2]", e: "adam w", f: '"1"', g: " 7 " })).toEqual({
      ...{ a: 0.001, b: 0.5, c: true, d: [1, 2], e: "adam w", f: "1", g: 7 },
    });
  });

  it("leaves out empty fields", () => {
    expect(pointOf({ a: "", b: "  ", c: "0" })).toEqual({ c: 0 });
  });
});
