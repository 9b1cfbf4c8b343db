import { describe, expect, it, vi } from "vitest";
import { channel } from "./channel";

describe("channel", () => {
  it("notifies every listener until it ends", () => {
    const { send, listen } = channel<number>();
    const [first, second] = [vi.fn(), vi.fn()];
    const end = listen(first);
    listen(second);
    send(1);
    end();
    send(2);
    expect(first.mock.calls).toEqual([[1]]);
    expect(second.mock.calls).toEqual([[1], [2]]);
  });
});
