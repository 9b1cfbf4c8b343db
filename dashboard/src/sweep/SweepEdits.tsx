/** What people ask of a sweep that goes on: a point of their own, more trials or fewer. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { actions } from "../api/client";
import { lookNow } from "../api/live";
import type { Sweep, Trial } from "../api/types";
import { fieldsOf, pointOf } from "./points";

export function PointDialog({ sweep, trials }: { sweep: Sweep; trials: Trial[] }) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const last = [...trials].sort((a, b) => b.number - a.number)[0] ?? null;
  const fields = fieldsOf(sweep, sweep.best ?? last);
  const values = Object.fromEntries(fields.map((field) => [field.name, typed[field.name] ?? field.start]));
  return (
    <EditDialog
      name="Add a point"
      title="A point of your own"
      act="Add it"
      onOpen={() => setTyped({})}
      work={() => actions.enqueue(sweep.id, pointOf(values))}
    >
      <p class="soft">
        It is tried as soon as an agent is free{sweep.best ? "; the fields begin with the best trial's values" : ""}.
      </p>
      {fields.map((field) => (
        <label class="field" key={field.name}>
          <span class="mono">{field.name}</span>
          {field.choices.length ? (
            <select
              name={field.name}
              value={values[field.name]}
              onChange={(event) => setTyped({ ...typed, [field.name]: event.currentTarget.value })}
            >
              {field.choices.map((one) => (
                <option key={one} value={one}>
                  {one.startsWith('"') ? String(JSON.parse(one)) : one}
                </option>
              ))}
            </select>
          ) : (
            <input
              name={field.name}
              value={values[field.name]}
              onInput={(event) => setTyped({ ...typed, [field.name]: event.currentTarget.value })}
            />
          )}
          <small>{field.hint}</small>
        </label>
      ))}
    </EditDialog>
  );
}

export function CapDialog({ sweep }: { sweep: Sweep }) {
  const [typed, setTyped] = useState("");
  return (
    <EditDialog
      name={sweep.run_cap ? `Cap: ${sweep.run_cap} trials` : "Cap: none"}
      title="How many trials in all"
      act="Set it"
      onOpen={() => setTyped(sweep.run_cap ? String(sweep.run_cap) : "")}
      work={() => {
        const { run_cap: _, ...others } = sweep.config;
        return actions.updateSweep(sweep.id, typed.trim() ? { ...others, run_cap: Number(typed) } : others);
      }}
    >
      <p class="soft">Trials that are there already count. The sweep finishes when so many have ended.</p>
      <label class="field">
        <span class="mono">run_cap</span>
        <input
          type="number"
          min="1"
          step="1"
          name="run_cap"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <small>empty: no bound</small>
      </label>
    </EditDialog>
  );
}

interface EditDialogProps {
  name: string;
  title: string;
  act: string;
  onOpen: () => void;
  work: () => Promise<unknown>;
  children: ComponentChildren;
}

/** A button whose dialog stays open, with the server's words, until the server took what was asked. */
function EditDialog({ name, title, act, onOpen, work, children }: EditDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      await work();
      dialog.current?.close();
      lookNow();
    } catch (refused) {
      const { message, hint = "" } = refused as Error & { hint?: string };
      setError([message, hint].filter(Boolean).join("; "));
    }
    setBusy(false);
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          onOpen();
          setError("");
          dialog.current?.showModal();
        }}
      >
        {name}
      </button>
      <dialog ref={dialog} aria-label={title}>
        <h2>{title}</h2>
        <form onSubmit={(event) => void submit(event)} class="stacked">
          {children}
          {error && (
            <p class="failure" role="alert">
              {error}
            </p>
          )}
          <div class="dialog-end">
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button class="primary" disabled={isBusy}>
              {act}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
