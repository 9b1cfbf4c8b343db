/** Whether the API key of this page may change anything. A key that only reads sees no controls. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";

export const Permissions = createContext(false);

export function useCanEdit(): boolean {
  return useContext(Permissions);
}
