/** A button that is on or off. */

import "./Toggle.css";

interface Props {
  name: string;
  isOn: boolean;
  onFlip: () => void;
  title?: string;
}

export function Toggle({ name, isOn, onFlip, title }: Props) {
  return (
    <button type="button" class="toggle" aria-pressed={isOn} onClick={onFlip} title={title}>
      {name}
    </button>
  );
}
