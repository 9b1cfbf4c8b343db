/** Finds the GPUs of a node that a name stands for. Pure functions. */

import type { NodeGpu } from "../api/types";

/** Shorter names do not count as the beginning of a UUID. */
const LEAST_UUID_CHARACTERS = 5;

/**
 * Returns the places (`1`, `1:0`) of GPUs that are named as in CUDA_VISIBLE_DEVICES: by number, UUID or its beginning.
 *
 * A name that matches no GPU of the node, or several, is left out. If no GPU is known, numbers are kept.
 */
export function placesOf(names: string[], devices: NodeGpu[]): string[] {
  return names.flatMap((name) => (/^\d+$/.test(name) ? placesByNumber(name, devices) : placesByUuid(name, devices)));
}

function placesByNumber(name: string, devices: NodeGpu[]): string[] {
  const found = devices.find(({ place }) => place.split(":")[0] === name);
  if (found) return [found.place];
  return devices.length ? [] : [name];
}

function placesByUuid(name: string, devices: NodeGpu[]): string[] {
  const isMeant = ({ place, uuid }: NodeGpu) =>
    place === name || (name.length >= LEAST_UUID_CHARACTERS && uuid.startsWith(name));
  const found = devices.filter(isMeant);
  return found.length === 1 ? found.map(({ place }) => place) : [];
}

/** Describes GPUs: `8 × H100`. */
export function gpusText(devices: NodeGpu[]): string {
  const kinds = [...Map.groupBy(devices, ({ name }) => name)];
  return kinds.map(([name, same]) => `${same.length} × ${name}`).join(", ") || "no GPU";
}
