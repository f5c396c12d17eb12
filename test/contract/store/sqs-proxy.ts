/** Between a client and a server that speaks SQS: passes on, or does what a test says to one operation. */

export interface SqsProxy {
  readonly url: string;
  /** Operations that arrived, such as `SendMessageBatch`, the first first. */
  readonly asked: string[];
  /** What to do instead of passing on; null passes on. The answer may be changed by passing on oneself. */
  instead:
    | ((operation: string, body: unknown, passOn: () => Promise<Response>) => Promise<Response> | null)
    | null;
  stop(): Promise<void>;
}

export function startSqsProxy(endpoint: string): SqsProxy {
  const asked: string[] = [];
  const state = { asked, instead: null as SqsProxy["instead"] };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const operation = request.headers.get("x-amz-target")?.split(".")[1] ?? "";
      const text = await request.text();
      const headers = new Headers(request.headers);
      headers.delete("host");
      asked.push(operation);
      const passOn = () => fetch(endpoint, { method: "POST", headers, body: text });
      return state.instead?.(operation, JSON.parse(text), passOn) ?? passOn();
    },
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.port}`,
    stop: () => server.stop(true),
  });
}

/** An error as SQS's JSON protocol says it. */
export function sqsError(
  status: number,
  type: string,
  message = "said by the service: secret-word",
): Response {
  return Response.json(
    { __type: `com.amazonaws.sqs#${type}`, message },
    { status, headers: { "content-type": "application/x-amz-json-1.0" } },
  );
}
