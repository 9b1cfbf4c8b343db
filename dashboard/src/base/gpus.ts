/** Which of a node's GPUs somebody means: pure functions. */
import type { NodeGpu } from "../api/types";

/**
 * Returns the places (`1`, `1:0`) of GPUs named as CUDA_VISIBLE_DEVICES does: by number, by UUID or by its beginning.
 * A name that means none of these GPUs, or more than one, is left out; a number stands for itself where nothing is known.
 */
export function placesOf(names: string[], devices: NodeGpu[]): string[] {
  return names.flatMap((name) => {
    if (/^\d+$/.test(name))
      return devices.find(({ place }) => place.split(":")[0] === name)?.place ?? (devices.length ? [] : name);
    const found = devices.filter(({ place, uuid }) => place === name || (name.length > 4 && uuid.startsWith(name)));
    return found.length === 1 ? found[0]!.place : [];
  });
}

/** Returns GPUs in words: `8 × H100`. */
export function gpusText(devices: NodeGpu[]): string {
  return (
    [...Map.groupBy(devices, ({ name }) => name)].map(([name, same]) => `${same.length} × ${name}`).join(", ") ||
    "no GPU"
  );
}
