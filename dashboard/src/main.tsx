import "uplot/dist/uPlot.min.css";
import "./base/tokens.css";
import "./base/elements.css";
import "./base/controls.css";
import "./base/utilities.css";
import "./base/Swatch.css";
import "./base/tags.css";

import { render } from "preact";
import { startLive } from "./api/live";
import { copyWholeValues } from "./base/copying";
import { isEmbedded } from "./base/embed";
import { Page } from "./base/Page";
import { renderBelowRoot } from "./base/rootPath";
import { interceptLinks, usePlace } from "./base/router";
import { startTheme } from "./base/theme";
import { GroupPage } from "./pages/Group";
import { HomePage } from "./pages/Home";
import { NodesPage } from "./pages/Nodes";
import { ProjectPage } from "./pages/Project";
import { ReportPage } from "./pages/Report";
import { RunPage } from "./pages/Run";
import { RunsPage } from "./pages/Runs";
import { SweepPage } from "./pages/Sweep";
import { SweepsPage } from "./pages/Sweeps";
import { Embedded } from "./panels/Embedded";
import { Shell } from "./panels/Shell";

function Content() {
  const { path } = usePlace();
  const [, first = "", ...rest] = path.split("/").map(decodeURIComponent);
  const [second, third, fourth] = rest;
  if (first === "") return <HomePage />;
  if (first === "sweeps") return second ? <SweepPage id={second} key={second} /> : <SweepsPage />;
  if (first === "runs") return second ? <RunPage id={second} key={second} /> : <RunsPage />;
  if (first === "groups" && second && third) return <GroupPage project={second} group={third} key={path} />;
  if (first === "projects" && second && third === "reports" && fourth)
    return <ReportPage project={second} name={fourth} key={path} />;
  if (first === "projects" && second) return <ProjectPage name={second} key={second} />;
  if (first === "nodes") return <NodesPage />;
  return (
    <Page title="There is no such page">
      <p>
        See <a href="/">home</a>.
      </p>
    </Page>
  );
}

startTheme();
renderBelowRoot();
interceptLinks();
copyWholeValues();
if (!isEmbedded) startLive();
const Around = isEmbedded ? Embedded : Shell;
const root = document.getElementById("app");
if (root) {
  render(
    <Around>
      <Content />
    </Around>,
    root,
  );
}
