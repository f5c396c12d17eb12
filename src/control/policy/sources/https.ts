/** A policy at a URL. Owns the bearer token and the overlay's address; the documents read themselves. */
import type { PolicyText } from "../../../policy/reading/load.ts";
import { askDocument, type HttpAnswer, type HttpDocument } from "./http-document.ts";
import { type Fetched, failedFetch, type PolicySource } from "./source.ts";
import { overlayUrl } from "./source-address.ts";

export interface HttpsOptions {
  readonly url: URL;
  readonly environment: string | null;
  /** Sent as a bearer token; null: none. */
  readonly token: string | null;
  /** Epoch milliseconds by the machine's clock: `Clock.wall`. */
  wall(): number;
}

/** `…/policy.yaml` in environment `prod` is overlaid by `…/policy.prod.yaml`, unless that is a 404. */
export function httpsSource({ url, environment, token, wall }: HttpsOptions): PolicySource {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const base = { url, known: null as HttpDocument | null };
  const overlay = environment === null ? null : { url: overlayUrl(url, environment), known: null };
  const places: (typeof base)[] = overlay ? [base, overlay] : [base];
  const ask = async (place: typeof base, signal: AbortSignal): Promise<HttpAnswer> => {
    const answer = await askDocument({ ...place, headers, signal, labelHeader: null, wall });
    if (answer.result === "document") place.known = answer.document;
    if (answer.result === "absent") place.known = null;
    return answer;
  };
  return {
    kind: "https",
    address: shownUrl(url),
    async fetch(signal): Promise<Fetched> {
      const before = places.map(({ known }) => known);
      const texts: PolicyText[] = [];
      for (const place of places) {
        const answer = await ask(place, signal);
        if (answer.result === "failed") {
          // The other document may have changed: both are read again, whole.
          for (const other of places) other.known = null;
          return failedFetch(answer.problem, answer.retryAfterMs);
        }
        if (answer.result === "document") {
          texts.push({ file: shownUrl(place.url), text: answer.document.text });
        } else if (place === base) return failedFetch("There is nothing at its address (404).");
      }
      if (places.every(({ known }, i) => known !== null && known === before[i])) {
        return { result: "unchanged" };
      }
      const revision = base.known?.etag ?? base.known?.lastModified ?? null;
      return { result: "texts", texts, revision };
    },
  };
}

/** A query may be a signature. */
function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
