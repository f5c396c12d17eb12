/**
 * AppConfig's data plane, asked directly. Owns the chain of tokens: each is good for one question, an expired
 * one for none, and only a new session brings a whole text again. The client is loaded with the first question.
 */
import type { AppConfigDataClient } from "@aws-sdk/client-appconfigdata";
import { awsErrorName } from "../../../core/thrown.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { awsFailure, orAborted } from "./aws-problem.ts";
import { decodeText, type Fetched, failedFetch, type PolicySource } from "./source.ts";
import type { AppConfigAddress } from "./source-address.ts";

/** The service's own bounds, in seconds. */
const MIN_INTERVAL = 15;
const MAX_INTERVAL = 86_400;

export interface AppConfigOptions extends AppConfigAddress {
  /** Of the gateway; `environment` is AppConfig's. */
  readonly overlay: string | null;
  readonly intervalMs: number;
}

/** Profile `P` in the gateway's environment `prod` is overlaid by the profile `P.prod`, where there is one. */
export function appConfigSource(options: AppConfigOptions): PolicySource {
  const { application, environment, profile, overlay, intervalMs } = options;
  const seconds = Math.min(MAX_INTERVAL, Math.max(MIN_INTERVAL, Math.ceil(intervalMs / 1000)));
  const place = { ApplicationIdentifier: application, EnvironmentIdentifier: environment };
  const names = overlay === null ? [profile] : [profile, `${profile}.${overlay}`];
  const sessions = names.map(
    (name): Session => ({
      question: {
        ...place,
        ConfigurationProfileIdentifier: name,
        RequiredMinimumPollIntervalInSeconds: seconds,
      },
      file: `appconfig:${application}/${environment}/${name}`,
      token: null,
      text: null,
      label: null,
    }),
  );
  let client: AppConfigDataClient | null = null;
  return {
    kind: "appconfig",
    address: sessions[0]?.file ?? "",
    async fetch(signal): Promise<Fetched> {
      try {
        client ??= await createClient();
        let nextSeconds = seconds;
        for (const [i, session] of sessions.entries()) {
          const polled = await poll(client, session, signal, i > 0);
          if (polled.problem !== null) return failedFetch(polled.problem);
          nextSeconds = Math.max(nextSeconds, polled.nextSeconds);
        }
        const texts = sessions.flatMap(({ file, text }): PolicyText[] =>
          text === null ? [] : [{ file, text }],
        );
        return {
          result: "texts",
          texts,
          revision: sessions[0]?.label ?? null,
          nextMs: nextSeconds * 1000,
        };
      } catch (thrown) {
        const actions = "appconfig:StartConfigurationSession and appconfig:GetLatestConfiguration";
        return awsFailure(thrown, "AppConfig", actions);
      }
    },
  };
}

interface Session {
  readonly question: {
    readonly ApplicationIdentifier: string;
    readonly EnvironmentIdentifier: string;
    readonly ConfigurationProfileIdentifier: string;
    readonly RequiredMinimumPollIntervalInSeconds: number;
  };
  readonly file: string;
  /** For the next question; null: a session is to be begun. */
  token: string | null;
  /** What came last, since an answer without change has no text. */
  text: string | null;
  label: string | null;
}

interface Polled {
  readonly problem: string | null;
  readonly nextSeconds: number;
}

async function createClient(): Promise<AppConfigDataClient> {
  const { AppConfigDataClient } = await import("@aws-sdk/client-appconfigdata");
  return new AppConfigDataClient({});
}

async function poll(
  client: AppConfigDataClient,
  session: Session,
  signal: AbortSignal,
  optional: boolean,
): Promise<Polled> {
  try {
    return await pollOnce(client, session, signal);
  } catch (thrown) {
    if (awsErrorName(thrown) === "ResourceNotFoundException") {
      Object.assign(session, { token: null, text: null, label: null });
      if (optional) return { problem: null, nextSeconds: 0 };
      const problem = "AppConfig knows no such application, environment or profile, or nothing is deployed.";
      return { problem, nextSeconds: 0 };
    }
    // Used, expired or garbled: whichever it was, a new session answers with the whole text.
    if (awsErrorName(thrown) !== "BadRequestException" || session.token === null) throw thrown;
    if (isTooEarly(thrown)) return { problem: null, nextSeconds: 0 };
    session.token = null;
    return await pollOnce(client, session, signal);
  }
}

async function pollOnce(client: AppConfigDataClient, session: Session, signal: AbortSignal): Promise<Polled> {
  const { GetLatestConfigurationCommand, StartConfigurationSessionCommand } = await import(
    "@aws-sdk/client-appconfigdata"
  );
  if (session.token === null) {
    const begin = new StartConfigurationSessionCommand(session.question);
    const begun = await orAborted(client.send(begin, { abortSignal: signal }), signal);
    session.token = begun.InitialConfigurationToken ?? null;
  }
  const ask = new GetLatestConfigurationCommand({ ConfigurationToken: session.token ?? "" });
  const answer = await orAborted(client.send(ask, { abortSignal: signal }), signal);
  session.token = answer.NextPollConfigurationToken ?? null;
  const nextSeconds = answer.NextPollIntervalInSeconds ?? 0;
  const bytes = answer.Configuration;
  if (bytes && bytes.byteLength > 0) {
    const text = decodeText(bytes);
    if (text === null) {
      // A session that goes on would say that nothing changed.
      session.token = null;
      return { problem: "The configuration is not UTF-8.", nextSeconds };
    }
    session.text = text;
    session.label = answer.VersionLabel ?? null;
  }
  if (session.text === null) return { problem: "The configuration is empty.", nextSeconds };
  return { problem: null, nextSeconds };
}

function isTooEarly(thrown: unknown): boolean {
  return thrown instanceof Error && JSON.stringify({ ...thrown }).includes("PollIntervalNotSatisfied");
}
