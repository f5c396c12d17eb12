/**
 * One document over HTTP, asked for again and again: read within bounds, kept with its validators, asked for
 * with them. Owns what an answer means; knows no policy.
 */
import { readBounded } from "../../../core/bounded-body.ts";
import { parseRetryAfter } from "../../../core/retry-after.ts";
import { codeOf } from "../../../core/thrown.ts";
import { decodeText, MAX_DOCUMENT_BYTES } from "./source.ts";

export type HttpAnswer =
  /** The same object as before where the server says that nothing changed. */
  | { readonly result: "document"; readonly document: HttpDocument }
  | { readonly result: "absent" }
  | { readonly result: "failed"; readonly problem: string; readonly retryAfterMs: number | null };

export interface HttpDocument {
  readonly text: string;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** What the server calls this version. */
  readonly label: string | null;
}

export interface HttpQuestion {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** What it answered before, if that still counts. */
  readonly known: HttpDocument | null;
  readonly signal: AbortSignal;
  /** The header that names a version, beside the ETag. */
  readonly labelHeader: string | null;
  /** Epoch milliseconds by the machine's clock: `Clock.wall`. */
  wall(): number;
}

export async function askDocument(question: HttpQuestion): Promise<HttpAnswer> {
  const { url, known, signal } = question;
  const headers = { accept: "application/yaml, text/yaml, */*", ...question.headers, ...conditions(known) };
  try {
    // A redirect would take the token, and the say over the policy, to another place.
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    if (response.status === 200) return await readDocument(response, question);
    await response.body?.cancel();
    if (response.status === 304 && known) return { result: "document", document: known };
    if (response.status === 404 || response.status === 410) return { result: "absent" };
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), question.wall());
    return { result: "failed", problem: explainStatus(response.status), retryAfterMs };
  } catch (thrown) {
    // The message of what fetch throws may quote a header; the code says enough.
    return failure(
      signal.aborted ? "It was given up." : `It cannot be reached (${codeOf(thrown) ?? "no code"}).`,
    );
  }
}

function conditions(known: HttpDocument | null): Record<string, string> {
  if (known?.etag) return { "if-none-match": known.etag };
  if (known?.lastModified) return { "if-modified-since": known.lastModified };
  return {};
}

async function readDocument(response: Response, { labelHeader }: HttpQuestion): Promise<HttpAnswer> {
  const { headers, body } = response;
  if (!body) return failure("It answered with nothing.");
  const read = await readBounded(body.getReader(), MAX_DOCUMENT_BYTES);
  if (!read.ok) return failure("It is larger than 10 MiB. See whether the address is the policy's.");
  const text = decodeText(read.bytes);
  if (text === null) return failure("It is not UTF-8. See whether the address is the policy's.");
  const document = {
    text,
    etag: headers.get("etag"),
    lastModified: headers.get("last-modified"),
    label: labelHeader === null ? null : headers.get(labelHeader),
  };
  return { result: "document", document };
}

function explainStatus(status: number): string {
  if (status === 401 || status === 403) {
    return `It refused access (${status}). Check POINTSMAN_POLICY_TOKEN and what it may read.`;
  }
  if (status >= 300 && status < 400) {
    return `It answered with a redirect (${status}), which is not followed. Give the address it leads to.`;
  }
  return `It answered with status ${status}.`;
}

function failure(problem: string): HttpAnswer {
  return { result: "failed", problem, retryAfterMs: null };
}
