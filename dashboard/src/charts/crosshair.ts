/** What all charts of a page share: the crosshair, where it is and on which line; and the line that is pointed at elsewhere. */

import { channel } from "../base/channel";

export interface Cross {
  x: number;
  line: string;
  source: object;
}

export const { tell: showCross, listen: onCross } = channel<Cross | null>();

/** Lets a line stand out in every chart, by its id; null: none does any more. */
export const { tell: pointAt, listen: onPointed } = channel<string | null>();
