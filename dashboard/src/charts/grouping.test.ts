import { describe, expect, it } from "vitest";
import { groupLabel, groupLooks, keysWithout, seedKeys } from "./grouping";

const KEYS = ["config.optimizer.lr", "config.model", "config.seed"];
const MOST = { colors: 10, dashes: 4 };

describe("groupLabel", () => {
  it("names each key shortly, with its value as it is", () => {
    const facts = { "config.optimizer.lr": 1e-3, "config.model": "vit", tags: ["a", "b"], host: null };
    expect(groupLabel(facts, ["config.optimizer.lr", "config.model"])).toBe("lr 0.001, model vit");
    expect(groupLabel(facts, ["tags", "host"])).toBe("tags a + b, host –");
    expect(groupLabel({ tags: [] }, ["tags"])).toBe("tags –");
  });
});

describe("groupLooks", () => {
  const runs = ["a", "b"].flatMap((x) => [1, 2].map((y) => ({ "config.x": x, "config.y": y })));

  it("has the colour of the first key and the dash of the others", () => {
    expect(groupLooks(runs, ["config.x", "config.y"], MOST).map(({ color, dash }) => [color, dash])).toEqual([
      ...[0, 0, 1, 1].map((color, at) => [color, at % 2]),
    ]);
  });

  it("has a colour for each group if there are too many dashes", () => {
    const looks = groupLooks(runs, ["config.x", "config.y"], { colors: 10, dashes: 1 });
    expect(looks.map(({ color, dash }) => [color, dash])).toEqual([0, 1, 2, 3].map((color) => [color, 0]));
  });

  it("is the same for runs of one group", () => {
    const [first, second] = groupLooks([{ "config.x": 1 }, { "config.x": 1 }], ["config.x"], MOST);
    expect(first).toEqual(second);
    expect(groupLooks([], ["config.x"], MOST)).toEqual([]);
  });
});

describe("averaging over seeds", () => {
  it("groups by what else differs in the configuration", () => {
    const keys = [...KEYS, "config.data_seed", "summary.seed"];
    expect(seedKeys(keys)).toEqual(["config.seed", "config.data_seed"]);
    expect(keysWithout(keys, ["config.seed"])).toEqual([
      ...["config.optimizer.lr", "config.model", "config.data_seed"],
    ]);
  });
});
