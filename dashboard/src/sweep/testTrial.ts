/** Trials for tests. */

import type { Trial } from "../api/types";

/** Returns a finished trial. */
export function trialOf(number: number, objective: number | null, more: Partial<Trial> = {}): Trial {
  return {
    ...{ id: `t${number}`, sweep: "s", number, state: "finished", params: {}, attempt: 1, agent: "a" },
    ...{
      objective,
      last_objective: objective,
      reports: 1,
      reason: "",
      exit_code: 0,
      stderr_tail: "",
      error: "",
      discarded: false,
    },
    ...{ created: number, started: number, ended: number + 1, gpus: null, start_s: null, gpu_s: null },
    ...{ gang: null, ignored: false, note: "", end_number: null, unseen_ends: null, chosen_by: null, known_ends: null },
    ...{ error: "", discarded: false, point: number, repeat: 1, values: {} },
    ...more,
  };
}
