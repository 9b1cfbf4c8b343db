/** Whether who looks may also change something: a key that only reads sees no controls. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";

export const Rights = createContext(false);

export function useMayChange(): boolean {
  return useContext(Rights);
}
