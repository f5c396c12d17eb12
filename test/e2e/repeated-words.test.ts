/** A provider that repeats in its errors what it was sent: its key, the prompt, the answer. None of it is ever seen again. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, decisionOf, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type RecordedCall, type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

/** No form gives it away. */
const SECRET = "Upstream.93b1/hush+5f1c";
const PROMPT = 'zebra-prompt-93b1: my card is 4111 1111,\n"Größe" 7';
const USER = "zebra-user-93b1";
const ANSWER = "zebra-answer-93b1 is on its way";
/** Whatever shows of them in any spelling. */
const MARKS = ["zebra", "4111 1111", SECRET, "hush"];

let upstream: RecordingUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = startUpstream();
  const policy = withUpstream(testPolicy(), upstream.baseUrl)
    .replace(
      "use_cases:\n",
      "use_cases:\n  held-chat: { latency_tier: interactive, stream_recovery: buffer, ladder: { primary: recorded } }\n",
    )
    // No circuit is to keep a call from the upstream.
    .replace("consecutive_failures: 5", "consecutive_failures: 1000");
  gateway = await startGateway({
    policy,
    scenario: INSTANT,
    env: { [PROVIDER_SECRET.name]: SECRET },
  });
});
afterAll(() => upstream.stop());

const keyOf = ({ headers }: RecordedCall) => headers.authorization?.slice("Bearer ".length) ?? "";
const frames = (...chunks: readonly unknown[]) =>
  new Response(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(""), {
    headers: { "content-type": "text/event-stream" },
  });
const delta = (content: string) => ({
  id: "c",
  choices: [{ index: 0, delta: { role: "assistant", content }, finish_reason: null }],
});
const said = (message: string, code = "bad_thing") => ({ error: { message, code } });

type Saying = readonly [name: string, status: number, body: (call: RecordedCall) => unknown, kept: string];

const REFUSALS: readonly Saying[] = [
  [
    "OpenAI's words for a wrong key",
    401,
    (call) => said(`Incorrect API key provided: ${keyOf(call)}. You can find yours online.`),
    "Incorrect API key provided: […]. You can find yours online.",
  ],
  ["a quoted key", 401, (call) => said(`invalid api_key '${keyOf(call)}'`), "invalid api_key '[…]'"],
  ["a key in a URL", 403, (call) => said(`no ${encodeURIComponent(`<${keyOf(call)}>`)}`), "no %3C[…]%3E"],
  [
    "a validator's list",
    422,
    ({ body }) => ({
      detail: [{ type: "missing", loc: ["body", "seed"], msg: "Field required", input: body, ctx: body }],
    }),
    "body.seed: Field required (missing)",
  ],
  [
    "a validator's list within a message, as Python writes it",
    400,
    ({ body }) => said(`1 error: {'msg': 'Field required', 'input': ${JSON.stringify(body)}}`),
    "1 error: {'msg': 'Field required', 'input': {",
  ],
  ["a quoted prompt", 400, () => said(`Invalid value: '${PROMPT}'.`), "Invalid value: '[…]'."],
  ["an unknown form", 400, ({ body }) => ({ request: body, reason: JSON.stringify(body) }), ""],
  [
    "a proxy's page",
    502,
    ({ body }) => `<h1>Bad Gateway</h1><pre>${JSON.stringify(body)}</pre>`,
    "Bad Gateway",
  ],
  ["an error with status 200", 200, () => said(`Cannot do '${PROMPT}'`), "Cannot do '[…]'"],
];

function behaves(body: (call: RecordedCall) => unknown, status: number): void {
  upstream.behave({
    answer: (call) => {
      const told = body(call);
      return typeof told === "string" ? new Response(told, { status }) : Response.json(told, { status });
    },
  });
}

function ask(fields: Readonly<Record<string, unknown>> = {}): Promise<Response> {
  return chat(gateway, {
    model: "recorded-chat",
    messages: [{ role: "user", content: PROMPT }],
    user: USER,
    ...fields,
  });
}

test.each([...REFUSALS])("%s leaves the provider's sentence alone", async (_, status, body, kept) => {
  behaves(body, status);
  for (const stream of [false, true]) {
    const response = await ask({ stream });
    const told = await response.text();
    const decision = await decisionOf(gateway, response);
    const detail = decision.attempts.at(-1)?.fault?.cause?.detail ?? "";
    expect(detail).toContain(kept);
    if (kept === "") expect(detail).toBe("");
    for (const mark of MARKS) expect(`${told} ${JSON.stringify(decision)}`).not.toContain(mark);
  }
});

test("an error event before the first content", async () => {
  upstream.behave({ answer: (call) => frames(said(`'${PROMPT}' by ${keyOf(call)} is bad`)) });
  const response = await ask({ stream: true });
  await response.text();
  const { attempts } = await decisionOf(gateway, response);
  expect(attempts.at(-1)?.fault?.cause?.detail).toBe("'[…]' by […] is bad");
});

test("an error event after it, held back or not: of what was answered nothing is kept to compare with", async () => {
  upstream.behave({
    answer: () => {
      const late = said(`'${ANSWER}' to '${PROMPT}'`);
      return frames(delta(ANSWER.slice(0, 9)), delta(ANSWER.slice(9)), late);
    },
  });
  for (const model of ["recorded-chat", "held-chat"]) {
    const response = await ask({ stream: true, model });
    await response.text();
    const decision = await decisionOf(gateway, response);
    expect(decision.attempts.at(-1)).toMatchObject({ result: "fault", fault: { code: "provider_error" } });
    for (const mark of MARKS) expect(JSON.stringify(decision)).not.toContain(mark);
  }
});

test("a job", async () => {
  behaves((call) => said(`'${PROMPT}' by ${keyOf(call)} is bad`), 400);
  const body = { model: "recorded-chat", messages: [{ role: "user", content: PROMPT }] };
  const { id } = (await admin(gateway, "/v1/jobs", { endpoint: "/v1/chat/completions", body })) as {
    id: string;
  };
  const job = await eventually(async () => {
    const found = (await admin(gateway, `/v1/jobs/${id}`)) as {
      status: string;
      error: unknown;
      response: { decision_id: string };
    };
    return found.status === "failed" && found;
  });
  const decision = await eventually(async () => {
    const found = JSON.stringify(await admin(gateway, `/admin/decisions/${job.response.decision_id}`));
    return found.includes("attempts") && found;
  });
  expect(decision).toContain("'[…]' by […] is bad");
  for (const mark of MARKS) expect(`${JSON.stringify(job.error)} ${decision}`).not.toContain(mark);
});

test("neither the log, the metrics nor any record has any of it", async () => {
  const records = JSON.stringify(await admin(gateway, "/admin/decisions?limit=500"));
  const everything = [await (await fetch(`${gateway.url}/metrics`)).text(), gateway.errors(), records].join(
    "\n",
  );
  for (const mark of MARKS) expect([mark, everything.includes(mark)]).toEqual([mark, false]);
  expect(everything.includes("recorded-chat")).toBe(true);
});
