/** Chooses a state. Empty: any state. */

export function StateChoice({
  states,
  value,
  onChange,
}: {
  states: string[];
  value: string;
  onChange: (state: string) => void;
}) {
  return (
    <label>
      State
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">any</option>
        {states.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
