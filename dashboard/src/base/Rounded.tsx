/** A value that is rounded for reading. Its title, and what is copied from it, is the whole value. */

import { exact } from "./format";

export function Rounded({ given, children }: { given: unknown; children: string }) {
  const whole = exact(given);
  if (typeof given !== "number" || whole === children) return <>{children}</>;
  return (
    <data value={whole} title={whole}>
      {children}
    </data>
  );
}
