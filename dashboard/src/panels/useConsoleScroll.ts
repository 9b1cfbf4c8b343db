/** What the console keeps in view while lines arrive: its end, a line, or what the reader scrolled to. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useLatest } from "../base/latest";
import { type ConsoleView, PAGE_LINES } from "./useConsole";

/** This close to the bottom counts as the end. */
const AT_END_PX = 30;

/** An end, the number of a line, or nothing in particular. */
type Anchor = "beginning" | "end" | number | null;

/** Returns what to call when the box is scrolled. `content`: what the box scrolls. */
export function useConsoleScroll(
  box: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  view: ConsoleView,
): () => void {
  const { target, isFollowing, canFollow, jump, choice, setFollow } = view;
  const anchor = useRef<Anchor>(null);
  const lastTop = useRef(0);
  const keep = useLatest(() => {
    if (box.current && keepInView(box.current, anchor.current)) anchor.current = null;
  });
  useLayoutEffect(() => {
    const isEnd = target === null && (isFollowing || jump?.to === "end");
    anchor.current = isEnd ? "end" : target;
    if (target === null && jump?.to === "beginning") anchor.current = "beginning";
    keep.current();
  }, [target, isFollowing, jump]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines start at their beginning
  useLayoutEffect(() => {
    if (box.current && anchor.current === null) box.current.scrollTop = 0;
  }, [choice]);
  useLayoutEffect(() => {
    if (!content.current) return;
    const sizes = new ResizeObserver(() => keep.current());
    sizes.observe(content.current);
    return () => sizes.disconnect();
  }, [content]);
  return function onScroll(): void {
    const node = box.current;
    if (!node) return;
    const isUp = node.scrollTop < lastTop.current;
    lastTop.current = node.scrollTop;
    const isAtEnd = node.scrollTop + node.clientHeight >= node.scrollHeight - AT_END_PX;
    if (isUp && !isAtEnd && anchor.current === "end") anchor.current = null;
    if (canFollow && isFollowing && isUp && !isAtEnd) setFollow(false);
    if (canFollow && !isFollowing && isAtEnd && !isUp) setFollow(true);
  };
}

/** Scrolls to the anchor, and returns whether that need not be done again. */
function keepInView(node: HTMLElement, anchor: Anchor): boolean {
  if (anchor === "end") node.scrollTop = node.scrollHeight;
  if (anchor === "beginning") node.scrollTop = 0;
  if (typeof anchor !== "number") return anchor !== "end";
  const line = node.querySelector<HTMLElement>(`[data-line="${anchor}"]`);
  node.scrollTop = (line ? topOf(node, line) : placeOf(node, anchor)) - node.clientHeight / 2;
  return line !== null;
}

/** Returns where an element is in what a box scrolls. */
function topOf(box: HTMLElement, element: HTMLElement): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
}

/** Returns about where a line will be that is not loaded yet. */
function placeOf(node: HTMLElement, number: number): number {
  const index = Math.floor((number - 1) / PAGE_LINES);
  const page = node.querySelectorAll<HTMLElement>(".console-page")[index];
  if (!page) return 0;
  return topOf(node, page) + (((number - 1) % PAGE_LINES) / PAGE_LINES) * page.offsetHeight;
}
