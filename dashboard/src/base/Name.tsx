/** A name that is cut in the middle if there is too little room: names of runs often differ only at the end. */

import { headAndTail } from "./names";
import "./Name.css";

export function Name({ children }: { children: string }) {
  const [head, tail] = headAndTail(children);
  if (!tail)
    return (
      <span class="name" title={children}>
        {children}
      </span>
    );
  return (
    <span class="name cut" title={children}>
      <span>{head}</span>
      <span>{tail}</span>
    </span>
  );
}
