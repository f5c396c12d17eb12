/** A web server that holds a policy, as a team would run one: with ETags, and with bad days. */
import { createHash } from "node:crypto";

export interface PolicyOrigin {
  /** Of the base; overlays are beside it. */
  readonly url: string;
  /** `name` is the last segment: `policy.yaml`. */
  put(name: string, text: string): void;
  remove(name: string): void;
  /** What every question is answered with from now on; null: the documents again. */
  fail(answer: (() => Response | Promise<Response>) | null): void;
  /** Questions so far, with the conditions they stated. */
  readonly asked: readonly {
    readonly path: string;
    readonly ifNoneMatch: string | null;
    readonly authorization: string | null;
  }[];
  stop(): Promise<void>;
}

export function startPolicyOrigin(port = 0): PolicyOrigin {
  const documents = new Map<string, string>();
  const asked: PolicyOrigin["asked"][number][] = [];
  let failing: (() => Response | Promise<Response>) | null = null;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const ifNoneMatch = request.headers.get("if-none-match");
      asked.push({ path: pathname, ifNoneMatch, authorization: request.headers.get("authorization") });
      if (failing) return failing();
      const text = documents.get(pathname.slice(1));
      if (text === undefined) return new Response("nothing here", { status: 404 });
      const etag = `"${createHash("sha256").update(text).digest("hex").slice(0, 16)}"`;
      if (ifNoneMatch === etag) return new Response(null, { status: 304, headers: { etag } });
      return new Response(text, { headers: { etag, "content-type": "application/yaml" } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/policy.yaml`,
    put: (name, text) => void documents.set(name, text),
    remove: (name) => void documents.delete(name),
    fail(answer) {
      failing = answer;
    },
    asked,
    stop: () => server.stop(true),
  };
}
