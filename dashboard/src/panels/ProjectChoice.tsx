import { useData } from "../api/data";
import { paths } from "../api/routes";

export function ProjectChoice({ value, onChange }: { value: string; onChange: (project: string) => void }) {
  const projects = useData(paths.projects()).value ?? [];
  return (
    <label>
      Project
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {projects.map((project) => (
          <option key={project} value={project}>
            {project}
          </option>
        ))}
      </select>
    </label>
  );
}
