/** Copies rounded values as whole ones. */

import { type Shown, withWholeValues } from "./wholeValues";

/** Writes whole values into the clipboard wherever a copied text contains rounded ones. Call it once. */
export function copyWholeValues(): void {
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!selection?.rangeCount || !event.clipboardData) return;
    const text = selection.toString();
    const whole = withWholeValues(text, shownIn(selection.getRangeAt(0)));
    if (whole === text) return;
    event.clipboardData.setData("text/plain", whole);
    event.preventDefault();
  });
}

/** Returns the rounded values in a part of the page. */
function shownIn(range: Range): Shown[] {
  const { commonAncestorContainer: node } = range;
  const around = (node instanceof Element ? node : node.parentElement)?.closest("data");
  const found = around ? [around] : [...range.cloneContents().querySelectorAll("data")];
  return found.map((one) => ({ text: one.textContent ?? "", whole: one.value }));
}
