/** The AppConfig agent or Lambda extension beside the gateway: a local HTTP server that holds the tokens itself. */
import type { PolicyText } from "../../../policy/reading/load.ts";
import { askDocument } from "./http-document.ts";
import { type Fetched, failedFetch, type PolicySource } from "./source.ts";
import type { AppConfigAddress } from "./source-address.ts";

export interface AgentOptions extends AppConfigAddress {
  /** Of the gateway; `environment` is AppConfig's. */
  readonly overlay: string | null;
  /** Where the agent listens. */
  readonly agent: URL;
  /** Epoch milliseconds by the machine's clock: `Clock.wall`. */
  wall(): number;
}

/** Profile `P` in the gateway's environment `prod` is overlaid by the profile `P.prod`, where there is one. */
export function appConfigAgentSource(options: AgentOptions): PolicySource {
  const { application, environment, profile, overlay, agent, wall } = options;
  const names = overlay === null ? [profile] : [profile, `${profile}.${overlay}`];
  const fileOf = (name: string) => `appconfig-agent:${application}/${environment}/${name}`;
  return {
    kind: "appconfig-agent",
    address: fileOf(profile),
    async fetch(signal): Promise<Fetched> {
      const texts: PolicyText[] = [];
      let revision: string | null = null;
      for (const name of names) {
        const [a, e, p] = [application, environment, name].map(encodeURIComponent);
        const url = new URL(`/applications/${a}/environments/${e}/configurations/${p}`, agent);
        const answer = await askDocument({
          url,
          headers: {},
          known: null,
          signal,
          labelHeader: "configuration-version",
          wall,
        });
        if (answer.result === "failed") return failedFetch(answer.problem, answer.retryAfterMs);
        if (answer.result === "document") {
          texts.push({ file: fileOf(name), text: answer.document.text });
          if (name === profile) revision = answer.document.label;
        } else if (name === profile) {
          return failedFetch("The agent knows no such application, environment or profile (404).");
        }
      }
      return { result: "texts", texts, revision };
    },
  };
}
