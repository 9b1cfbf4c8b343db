import { describe, expect, it } from "vitest";
import { counted, distinctNames, endOfName, headAndTail, shortNames } from "./names";

describe("shortNames", () => {
  it("shortens a name to an end that no other name has", () => {
    expect([...shortNames(["optimizer.lr", "model.width"]).values()]).toEqual(["lr", "width"]);
  });

  it("keeps enough to tell names apart", () => {
    expect([...shortNames(["a.lr", "b.lr", "b.x"]).values()]).toEqual(["a.lr", "b.lr", "x"]);
  });

  it("does not use an end that means nothing", () => {
    expect(shortNames(["optimizer.name"]).get("optimizer.name")).toBe("optimizer.name");
  });

  it("keeps names without dots, also if they are ends of others", () => {
    expect([...shortNames(["lr", "model.lr"]).values()]).toEqual(["lr", "model.lr"]);
    expect(shortNames([]).size).toBe(0);
  });
});

describe("headAndTail", () => {
  it("cuts only long names, and loses no character", () => {
    expect(headAndTail("short")).toEqual(["short", ""]);
    const long = "a-very-long-name-of-a-run-0001";
    const [head, tail] = headAndTail(long);
    expect(head + tail).toBe(long);
    expect(tail).toBe("f-a-run-0001");
  });
});

describe("counted", () => {
  it.each([
    [0, "0 runs"],
    [1, "1 run"],
    [2, "2 runs"],
  ])("counts %d", (count, text) => {
    expect(counted(count, "run")).toBe(text);
  });

  it("takes another plural", () => {
    expect(counted(2, "entry", "entries")).toBe("2 entries");
  });
});

describe("distinctNames", () => {
  it("have the end of an id where a name is not unique", () => {
    const runs = [
      { id: "abcdefgh", name: "exp" },
      { id: "xxxxxfgh", name: "exp" },
      { id: "12345678", name: "other" },
    ];
    expect(distinctNames(runs)).toEqual(["exp · efgh", "exp · xfgh", "other"]);
    expect(distinctNames([])).toEqual([]);
  });

  it("have a longer end, or the whole id, if four characters do not tell runs apart", () => {
    const runs = ["run-a1111", "run-b1111", "1111"].map((id) => ({ id, name: "exp" }));
    expect(distinctNames(runs)).toEqual(["exp · a1111", "exp · b1111", "exp · 1111"]);
  });
});

describe("endOfName", () => {
  it("keeps the end of a long name", () => {
    expect([endOfName("lr", 5), endOfName("model-12", 5)]).toEqual(["lr", "…l-12"]);
  });
});
