/** The buttons that change a sweep's state. Each one is shown only while it has an effect. */

import { useRef, useState } from "preact/hooks";
import { actions, errorText } from "../api/client";
import { refreshAll } from "../api/live";
import type { Sweep, SweepState, Trial } from "../api/types";
import { useCanEdit } from "../base/permissions";
import { CapDialog, PointDialog } from "./SweepEdits";

interface Choice {
  name: string;
  state: SweepState;
  /** What the dialog that asks for confirmation says; without it, there is no dialog. */
  question?: { title: string; warning: string; action: string };
}

const STOP: Choice = {
  name: "Stop",
  state: "stopped",
  question: {
    title: "Stop this sweep?",
    warning: "The sweep ends and starts no more trials. Running trials continue to their end.",
    action: "Start no more trials",
  },
};
const CANCEL: Choice = {
  name: "Cancel",
  state: "cancelled",
  question: {
    title: "Cancel this sweep?",
    warning: "The sweep ends now, and its running trials are stopped.",
    action: "End the sweep and its trials",
  },
};
const CONTINUE: Choice = { name: "Continue", state: "running" };
const CHOICES: Record<SweepState, Choice[]> = {
  running: [{ name: "Pause", state: "paused" }, STOP, CANCEL],
  paused: [{ name: "Resume", state: "running" }, STOP, CANCEL],
  stopped: [CONTINUE],
  cancelled: [CONTINUE],
  finished: [CONTINUE],
};

/** The button that leaves the sweep as it is. */
const KEEP: Partial<Record<SweepState, string>> = { running: "Keep running", paused: "Keep it paused" };

export function Controls({ sweep, trials }: { sweep: Sweep; trials: Trial[] }) {
  const canEdit = useCanEdit();
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function change(state: SweepState): Promise<void> {
    setBusy(true);
    setError("");
    try {
      await actions.setSweepState(sweep.id, state);
      refreshAll();
    } catch (refusal) {
      setError(errorText(refusal));
    }
    setBusy(false);
  }

  if (!canEdit) return null;
  const takesPoints = sweep.state !== "stopped" && sweep.state !== "cancelled";
  return (
    <>
      {takesPoints && <PointDialog sweep={sweep} trials={trials} />}
      <CapDialog sweep={sweep} />
      <StateButtons state={sweep.state} isBusy={isBusy} onChange={(state) => void change(state)} />
      {error && <span class="failure">{error}</span>}
    </>
  );
}

interface ButtonsProps {
  state: SweepState;
  isBusy: boolean;
  onChange: (state: SweepState) => void;
}

function StateButtons({ state, isBusy, onChange }: ButtonsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [asked, setAsked] = useState<Choice | null>(null);
  function choose(choice: Choice): void {
    if (!choice.question) {
      onChange(choice.state);
      return;
    }
    setAsked(choice);
    dialog.current?.showModal();
  }
  return (
    <>
      {CHOICES[state].map((choice) => (
        <button
          type="button"
          key={choice.name}
          disabled={isBusy}
          class={choice.question ? "" : "primary"}
          onClick={() => choose(choice)}
        >
          {choice.name}
        </button>
      ))}
      <dialog
        ref={dialog}
        aria-label="Confirm"
        onClose={(event) => event.currentTarget.returnValue === "yes" && asked && onChange(asked.state)}
      >
        <h2>{asked?.question?.title}</h2>
        <p>{asked?.question?.warning}</p>
        <form method="dialog">
          <button type="submit" value="no">
            {KEEP[state]}
          </button>
          <button type="submit" value="yes" class="danger">
            {asked?.question?.action}
          </button>
        </form>
      </dialog>
    </>
  );
}
