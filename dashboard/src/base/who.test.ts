import { expect, it } from "vitest";
import { whoOf } from "./who";

it("names the key, or the user of the machine's own key", () => {
  expect(whoOf("ci", "root")).toBe("ci");
  expect(whoOf("ann@box:/home/ann/.ls", "ann")).toBe("ann");
  expect(whoOf("ann@box", "bob")).toBe("ann@box");
  expect(whoOf("", "ann")).toBe("ann");
  expect(whoOf("ann@box", "")).toBe("ann@box");
  expect(whoOf("ann@box:/home/ann/.ls", "")).toBe("ann@box");
  expect(whoOf("team:/x", "")).toBe("team:/x");
  expect(whoOf("", "")).toBe("");
});
