/** Files and checkpoints: the versions of artifacts that a run made or used, with their files and other versions. */

import { useEffect, useState } from "preact/hooks";
import { useData } from "../api/data";
import type { Artifact, ArtifactUse, Run } from "../api/types";
import { Failure } from "../base/Failure";
import { bytes, clock, flat } from "../base/format";
import { ComparedPairs } from "../base/Pairs";
import { Section } from "../base/Section";
import { contents, MISSING_MS } from "./contents";
import "./Files.css";

export function Files({ run }: { run: Run }) {
  const [isLacking, setLacking] = useState(false);
  const { value: uses, error } = useData(contents.uses(run.id), isLacking ? MISSING_MS : 0);
  const lacks = uses?.some((use) => !use.artifact.is_stored) ?? false;
  useEffect(() => setLacking(lacks), [lacks]);
  if (error) return <Failure error={error} />;
  if (uses && !uses.length) {
    return (
      <p class="empty">
        No files yet. Checkpoints are kept with <code>SweepLogger(..., log_model=True)</code>, other files with{" "}
        <code>run.log_artifact(path)</code>.
      </p>
    );
  }
  const part = (role: ArtifactUse["role"]) => uses?.filter((use) => use.role === role).reverse() ?? [];
  return (
    <>
      {part("output").length > 0 && (
        <Section title="Created by this run" note={`${part("output").length}`}>
          {part("output").map((use) => (
            <Version key={use.artifact.id} artifact={use.artifact} run={run} />
          ))}
        </Section>
      )}
      {part("input").length > 0 && (
        <Section title="Used by this run" note={`${part("input").length}`}>
          {part("input").map((use) => (
            <Version key={use.artifact.id} artifact={use.artifact} run={run} />
          ))}
        </Section>
      )}
    </>
  );
}

function Version({ artifact, run }: { artifact: Artifact; run: Run }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="artifact" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="mono">
          {artifact.name}:v{artifact.version}
        </span>
        {artifact.aliases.map((alias) => (
          <span class="chip" key={alias}>
            {alias}
          </span>
        ))}
        <span class="soft">
          {artifact.kind} · {bytes(artifact.size_bytes)} · {clock(artifact.created)}
          {!artifact.is_stored && " · its files are not uploaded yet"}
        </span>
      </summary>
      {isOpen && <Inside artifact={artifact} run={run} />}
    </details>
  );
}

function Inside({ artifact, run }: { artifact: Artifact; run: Run }) {
  const { value: files, error } = useData(contents.files(artifact.id), artifact.is_stored ? 0 : MISSING_MS);
  const others = (useData(contents.versions(artifact.project, artifact.name)).value ?? []).filter(
    (one) => one.id !== artifact.id,
  );
  const metadata = flat(artifact.metadata);
  return (
    <div class="artifact-inside">
      <Failure error={error} />
      <ul class="plain">
        {files?.map((file) => (
          <li key={file.path}>
            {file.is_stored ? (
              <a class="mono" href={contents.blob(file.digest, "", baseName(file.path))} download={baseName(file.path)}>
                {file.path}
              </a>
            ) : (
              <span class="mono soft">{file.path}</span>
            )}{" "}
            <span class="soft">{bytes(file.size_bytes)}</span>
          </li>
        ))}
      </ul>
      {Object.keys(metadata).length > 0 && <ComparedPairs values={metadata} />}
      {artifact.run && artifact.run !== run.id && (
        <p>
          made by <a href={`/runs/${artifact.run}`}>the run {artifact.run}</a>
        </p>
      )}
      {others.length > 0 && (
        <p class="chips">
          <span class="soft">other versions:</span>
          {others.slice(0, 30).map((one) =>
            one.run ? (
              <a class="chip" key={one.id} href={`/runs/${one.run}?view=Files`} title={one.aliases.join(", ")}>
                v{one.version}
              </a>
            ) : (
              <span class="chip" key={one.id}>
                v{one.version}
              </span>
            ),
          )}
        </p>
      )}
    </div>
  );
}

function baseName(path: string): string {
  return path.split("/").pop() || path;
}
