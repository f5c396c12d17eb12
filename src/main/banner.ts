/** What a person sees when the gateway is up: where it is, with which key, and three things to try. */
import type { UseCase } from "../core/snapshot.ts";

/** Of the policy that comes with the program. */
const USE_CASE = "support-chat";

/** Where every command looks without being told. */
const USUAL_URL = "http://127.0.0.1:8080";

/** What `banner` looks at of each use case. */
type UseCases = ReadonlyMap<string, Pick<UseCase, "taskType">>;

export function banner(
  url: string,
  demoKey: string | null,
  simulatorUrl: string | null,
  useCases: UseCases,
): string {
  const lines = [`Pointsman listens on ${url}`];
  if (simulatorUrl !== null) lines.push(`Simulated providers listen on ${simulatorUrl}`);
  if (demoKey === null) return `${lines.join("\n")}\n`;
  const auth = `-H 'Authorization: Bearer ${demoKey}'`;
  const chat = (body: string) =>
    `  curl -i ${url}/v1/chat/completions ${auth} \\\n       -H 'Content-Type: application/json' -d '${body}'`;
  const model = chatUseCase(useCases);
  const messages = [{ role: "user", content: "Where is my parcel?" }];
  const bodies =
    model === undefined
      ? []
      : [
          { model, messages },
          { model, stream: true, messages },
        ];
  lines.push(
    `Demo key: ${demoKey}`,
    "",
    "Try:",
    ...bodies.map((body) => chat(JSON.stringify(body))),
    `  curl '${url}/admin/decisions?limit=1' ${auth}`,
    "",
    `In another terminal: npx pointsman decisions tail${url === USUAL_URL ? "" : ` --url ${url}`}`,
  );
  return `${lines.join("\n")}\n`;
}

/** Undefined: the policy has none that one could chat with. */
function chatUseCase(useCases: UseCases): string | undefined {
  if (useCases.has(USE_CASE)) return USE_CASE;
  return [...useCases].find(([, { taskType }]) => taskType !== "embedding")?.[0];
}
