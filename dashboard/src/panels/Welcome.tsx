/** The start page of an empty server: what to type first. */

import { Command } from "../base/Command";
import { Page } from "../base/Page";
import { Section } from "../base/Section";

const LOG = `from lightning_sweeps import SweepCallback, SweepLogger

trainer = Trainer(logger=SweepLogger("digits", mode="grouped"),
                  callbacks=[SweepCallback()], devices=2, strategy="ddp")`;

export function Welcome() {
  return (
    <Page title="Nothing is logged here yet">
      <div class="two">
        <Section title="Log a run">
          <p>Two lines in a Lightning program. Every rank becomes a run of one group.</p>
          <pre class="console">{LOG}</pre>
          <p>In plain DDP, on every rank:</p>
          <Command>{'run = lightning_sweeps.init(project="digits")'}</Command>
          <Command>{'run.log({"train/loss": loss}, step=step)'}</Command>
        </Section>
        <Section title="Run a sweep">
          <p>A W&amp;B sweep file works without changes. In its folder:</p>
          <Command>lightning-sweeps sweep sweep.yaml</Command>
          <p>Then start an agent on every machine that should run trials. It uses all GPUs of the machine:</p>
          <Command>lightning-sweeps agent SWEEP_ID</Command>
          <p class="soft">This page updates automatically.</p>
        </Section>
      </div>
    </Page>
  );
}
