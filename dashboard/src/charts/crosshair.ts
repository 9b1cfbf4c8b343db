/** What all charts of a page share: the crosshair, and the line that is pointed at elsewhere on the page. */

import { channel } from "../base/channel";

export interface Cross {
  x: number;
  line: string;
  source: object;
}

export const { send: showCross, listen: onCross } = channel<Cross | null>();

/** Highlights the line with this id in every chart. Null highlights none. */
export const { send: pointAt, listen: onPointed } = channel<string | null>();
