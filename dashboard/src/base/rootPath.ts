/** The path below which a proxy serves the page, such as `/user/ada/proxy/8800`. It is empty without such a proxy. */

import { options, type VNode } from "preact";

const ASSETS = "/assets/";
const ADDRESSES = ["href", "src"] as const;

/** Returns what comes before the path of the dashboard in the address of one of its scripts. */
export function rootOf(script: string): string {
  const { pathname } = new URL(script);
  return pathname.includes(ASSETS) ? pathname.slice(0, pathname.lastIndexOf(ASSETS)) : "";
}

export const rootPath = rootOf(import.meta.url);

/** Returns an address of this server as the browser reaches it. Other addresses stay as they are. */
export function reached(address: string, root = rootPath): string {
  return address.startsWith("/") && !address.startsWith("//") ? root + address : address;
}

/** Returns an address of this server without the root path. */
export function withoutRoot(path: string, root = rootPath): string {
  return root && path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

/** Makes the links and media that the page renders reach this server through the proxy. Call it once. */
export function renderBelowRoot(): void {
  if (!rootPath) return;
  const before = options.vnode;
  options.vnode = (node: VNode) => {
    if (typeof node.type === "string") prefixAddresses(node.props as Record<string, unknown>);
    before?.(node);
  };
}

function prefixAddresses(props: Record<string, unknown>): void {
  for (const name of ADDRESSES) {
    const value = props[name];
    if (typeof value === "string") props[name] = reached(value);
  }
}
