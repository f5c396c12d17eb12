/** Where jobs wait, as people write it: `embedded`, or `sqs:URL[,dead=URL]`. Owns the notation; opens nothing. */

export type QueueAddress =
  | { readonly kind: "embedded" }
  | {
      readonly kind: "sqs";
      readonly url: string;
      /** Null: the one that the queue's redrive policy names. */
      readonly deadUrl: string | null;
    };

export type QueueAddressRead =
  | { readonly ok: true; readonly address: QueueAddress }
  /** Neither text repeats what was written: it may hold a secret in the wrong place. */
  | { readonly ok: false; readonly message: string; readonly fix: string };

const FIX = "Write it as sqs:https://sqs.REGION.amazonaws.com/ACCOUNT/NAME[,dead=URL], or `embedded`.";

/** Empty text is the embedded queue. */
export function readQueueAddress(text: string): QueueAddressRead {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "embedded") return { ok: true, address: { kind: "embedded" } };
  if (!trimmed.startsWith("sqs:")) {
    return refused("The queue is neither `embedded` nor an address that begins with sqs:.");
  }
  const [url = "", ...settings] = trimmed.slice("sqs:".length).split(",");
  const problem = urlProblem(url);
  if (problem !== null) return refused(`The URL of the SQS queue ${problem}.`);
  let deadUrl: string | null = null;
  for (const setting of settings) {
    if (!setting.startsWith("dead=") || deadUrl !== null) {
      return refused("After the URL of the SQS queue nothing but one `dead=URL` is known.");
    }
    deadUrl = setting.slice("dead=".length);
    const deadProblem = urlProblem(deadUrl);
    if (deadProblem !== null) return refused(`The URL of the dead-letter queue ${deadProblem}.`);
  }
  if (deadUrl === url) return refused("The queue and its dead-letter queue are the same.");
  if (deadUrl !== null && new URL(deadUrl).origin !== new URL(url).origin) {
    return refused("The queue and its dead-letter queue are not at the same endpoint, as SQS asks for.");
  }
  return { ok: true, address: { kind: "sqs", url, deadUrl } };
}

/** Null where the host does not name it: then it is the environment's. */
export function regionOf(queueUrl: string): string | null {
  const { hostname } = new URL(queueUrl);
  const named = /(?:^|\.)sqs(?:-fips)?\.([a-z]{2}(?:-[a-z0-9]+)+)\./.exec(hostname);
  return named?.[1] ?? /^([a-z]{2}(?:-[a-z0-9]+)+)\.queue\.amazonaws\.com/.exec(hostname)?.[1] ?? null;
}

/** What is wrong, as the end of a sentence. */
function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return "is no URL";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "does not begin with https://";
  if (url.username !== "" || url.password !== "") {
    return "holds a user or password; SQS takes the machine's AWS credentials";
  }
  if (url.search !== "" || url.hash !== "") return "ends in a query or fragment";
  if (!/^\/(?:[^/]+\/)*[^/]+$/.test(url.pathname)) return "names no queue";
  if (url.pathname.endsWith(".fifo")) return "is that of a FIFO queue; jobs need a standard one";
  return null;
}

function refused(message: string): QueueAddressRead {
  return { ok: false, message, fix: FIX };
}
