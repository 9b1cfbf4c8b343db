/** What a filter can be completed with at the cursor: columns, operators, values. */

import { useData } from "../api/data";
import { paths } from "../api/routes";
import { useRested } from "../base/rested";
import { columnText, OPERATORS, type TypedPart, valueText } from "./filterText";

export interface Completion {
  /** What is inserted. */
  text: string;
  note: string;
}

const OWN_COLUMNS = [
  ...["state", "name", "group", "rank", "tags", "host", "project", "created", "duration", "rows", "sweep", "trial"],
  ...["job_type", "notes", "reason", "world_size", "user", "created_by", "updated", "ended", "id", "attempt"],
];
const MOST = 12;
const JOINS = ["and", "or"];

/** Returns the completions of a part of a filter. Sends no request unless `isActive`. */
export function useCompletions(part: TypedPart, project: string, isActive: boolean): Completion[] {
  const { expected, text, column } = part;
  const search = useRested(text);
  const isWaiting = search !== text;
  const asked = { ...(project ? { project } : {}), search, limit: MOST };
  const names = useData(isActive && expected === "column" && search ? paths.runColumns(asked) : null).value;
  const values = useData(
    isActive && expected === "value" && column ? paths.runValues({ ...asked, column }) : null,
  ).value;
  if (!isActive) return [];
  if (expected === "operator")
    return matching(OPERATORS, text).map((sign) => ({ text: sign, note: MEANINGS[sign] ?? "" }));
  if (expected === "join") return matching(JOINS, text).map((word) => ({ text: word, note: "" }));
  if (expected === "value") {
    return (isWaiting ? [] : (values ?? [])).map(({ value, runs }) => ({
      text: valueText(value),
      note: `${runs} runs`,
    }));
  }
  const own = matching(OWN_COLUMNS, text);
  return [...own, ...(isWaiting ? [] : (names ?? []))]
    .slice(0, MOST)
    .map((name) => ({ text: columnText(name), note: "" }));
}

const MEANINGS: Record<string, string> = { "~": "contains", in: "one of (a, b)", has: "for tags" };

function matching(words: readonly string[], text: string): string[] {
  return words.filter((word) => word.includes(text.toLowerCase()));
}
