/** What one can do with a sweep; each button is there only while it means something. */

import { useRef, useState } from "preact/hooks";
import { actions } from "../api/client";
import { lookNow } from "../api/live";
import type { Sweep, SweepState, Trial } from "../api/types";
import { useCanEdit } from "../base/permissions";
import { CapDialog, PointDialog } from "./SweepEdits";

const CHOICES: Record<SweepState, [string, SweepState, string][]> = {
  running: [
    ["Pause", "paused", ""],
    ["Stop", "stopped", "No more trials are handed out, for good. Running ones go on to their end."],
    ["Cancel", "cancelled", "The sweep ends now, and its running trials are ended too."],
  ],
  paused: [
    ["Resume", "running", ""],
    ["Stop", "stopped", "No more trials are handed out, for good. Running ones go on to their end."],
    ["Cancel", "cancelled", "The sweep ends now, and its running trials are ended too."],
  ],
  stopped: [],
  cancelled: [],
  finished: [],
};

export function Controls({ sweep, trials }: { sweep: Sweep; trials: Trial[] }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  const dialog = useRef<HTMLDialogElement>(null);
  const [asked, setAsked] = useState<[string, SweepState, string] | null>(null);

  async function change(state: SweepState): Promise<void> {
    setBusy(true);
    setError("");
    try {
      await actions.setSweepState(sweep.id, state);
      lookNow();
    } catch (refused) {
      setError((refused as Error).message);
    }
    setBusy(false);
  }

  if (!canEdit) return null;
  const isOpen = sweep.state === "running" || sweep.state === "paused";
  return (
    <>
      {isOpen && sweep.method !== "grid" && <PointDialog sweep={sweep} trials={trials} />}
      {isOpen && <CapDialog sweep={sweep} />}
      {CHOICES[sweep.state].map((choice) => {
        const [name, state, warning] = choice;
        return (
          <button
            type="button"
            key={name}
            disabled={isBusy}
            class={warning ? "" : "primary"}
            onClick={() => {
              if (!warning) return void change(state);
              setAsked(choice);
              dialog.current?.showModal();
            }}
          >
            {name}
          </button>
        );
      })}
      {error && <span class="failure">{error}</span>}
      <dialog
        ref={dialog}
        aria-label="Are you sure"
        onClose={(event) => event.currentTarget.returnValue === "yes" && asked && void change(asked[1])}
      >
        <h2>{asked?.[0]} this sweep?</h2>
        <p>{asked?.[2]}</p>
        <form method="dialog">
          <button value="no">Leave it</button>
          <button value="yes" class="primary">
            {asked?.[0]}
          </button>
        </form>
      </dialog>
    </>
  );
}
