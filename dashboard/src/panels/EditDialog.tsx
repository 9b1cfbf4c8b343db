/** A button that opens a dialog. The dialog stays open, with the server's message, until the server accepts the edit. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { errorText } from "../api/client";
import { refreshAll } from "../api/live";
import { Failure } from "../base/Failure";
import "./EditDialog.css";

interface Props {
  /** The text of the button that opens the dialog. */
  name: string;
  title: string;
  /** The text of the button that sends the edit. */
  action: string;
  onOpen: () => void;
  work: () => Promise<unknown>;
  children: ComponentChildren;
}

export function EditDialog({ name, title, action, onOpen, work, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  function open(): void {
    onOpen();
    setError("");
    dialog.current?.showModal();
  }
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      await work();
      dialog.current?.close();
      refreshAll();
    } catch (refusal) {
      setError(errorText(refusal));
    }
    setBusy(false);
  }
  return (
    <>
      <button type="button" onClick={open}>
        {name}
      </button>
      <dialog ref={dialog} aria-label={title}>
        <h2>{title}</h2>
        <form onSubmit={(event) => void submit(event)} class="stacked">
          {children}
          <Failure error={error} />
          <div class="dialog-end">
            <button type="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
            <button type="submit" class="primary" disabled={isBusy}>
              {action}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
