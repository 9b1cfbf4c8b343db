import { describe, expect, it } from "vitest";
import type { NodeGpu } from "../api/types";
import { gpusText, placesOf } from "./gpus";

const gpu = (place: string, uuid: string, name = "H100"): NodeGpu => ({ place, uuid, name, memory_bytes: 8e10 });
const DEVICES = [gpu("0", "GPU-aaaa1111"), gpu("1:0", "MIG-bbbb1"), gpu("1:1", "MIG-bbbb2")];

describe("placesOf", () => {
  it("finds a GPU by number, by UUID and by the beginning of a UUID", () => {
    expect(placesOf(["0"], DEVICES)).toEqual(["0"]);
    expect(placesOf(["GPU-aaaa1111", "GPU-a"], DEVICES)).toEqual(["0", "0"]);
    expect(placesOf(["MIG-bbbb2"], DEVICES)).toEqual(["1:1"]);
  });

  it("takes the first part of a divided GPU for its number", () => {
    expect(placesOf(["1"], DEVICES)).toEqual(["1:0"]);
  });

  it("leaves out what means no GPU, or several", () => {
    expect(placesOf(["7", "GPU-zzzz", "MIG-bbbb", "GPU-", ""], DEVICES)).toEqual([]);
  });

  it("keeps numbers if no GPU is known", () => {
    expect(placesOf(["0", "3", "GPU-aaaa1111"], [])).toEqual(["0", "3"]);
  });
});

describe("gpusText", () => {
  it("counts GPUs of one name", () => {
    expect(gpusText(DEVICES)).toBe("3 × H100");
    expect(gpusText([gpu("0", "a"), gpu("1", "b", "A10")])).toBe("1 × H100, 1 × A10");
    expect(gpusText([])).toBe("no GPU");
  });
});
