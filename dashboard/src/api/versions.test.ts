import { describe, expect, it } from "vitest";
import { Versions } from "./versions";

describe("Versions", () => {
  it("keeps the latest answer of each path, and forgets the oldest ones", () => {
    const versions = new Versions();
    versions.keep("/a", "1", "old");
    versions.keep("/a", "2", "new");
    expect(versions.find("/a")).toEqual({ tag: "2", value: "new" });
    versions.keep("/a", null, "without a tag");
    expect(versions.find("/a")).toBeUndefined();
    for (let at = 0; at < 100; at++) versions.keep(`/${at}`, "1", at);
    expect([versions.find("/0"), versions.find("/99")?.value]).toEqual([undefined, 99]);
  });
});
