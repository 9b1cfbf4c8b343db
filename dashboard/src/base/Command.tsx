/** A command to type, with a button that copies it. */

import { CopyButton } from "./CopyButton";
import "./Command.css";

export function Command({ children }: { children: string }) {
  return (
    <div class="command">
      <code>{children}</code>
      <CopyButton text={children} label={`Copy ${children}`} />
    </div>
  );
}
