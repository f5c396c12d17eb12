/** An object in S3. Owns the question and the ETag; the client is loaded with the first one. */
import type { S3Client } from "@aws-sdk/client-s3";
import { readBounded } from "../../../core/bounded-body.ts";
import { awsErrorName, awsStatusOf } from "../../../core/thrown.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { awsFailure, orAborted } from "./aws-problem.ts";
import { decodeText, type Fetched, failedFetch, MAX_DOCUMENT_BYTES, type PolicySource } from "./source.ts";
import { overlayName } from "./source-address.ts";

export interface S3Options {
  readonly bucket: string;
  readonly key: string;
  readonly environment: string | null;
  /** Other stores that speak S3 know buckets in the path alone. */
  readonly forcePathStyle: boolean;
}

interface Place {
  readonly key: string;
  known: { readonly text: string; readonly etag: string | null } | null;
}

/** `policy.yaml` in environment `prod` is overlaid by the object `policy.prod.yaml` beside it, where there is one. */
export function s3Source({ bucket, key, environment, forcePathStyle }: S3Options): PolicySource {
  const places: Place[] = [{ key, known: null }];
  if (environment !== null) places.push({ key: overlayName(key, environment), known: null });
  let client: S3Client | null = null;
  const forget = () => {
    for (const place of places) place.known = null;
  };
  return {
    kind: "s3",
    address: `s3://${bucket}/${key}`,
    async fetch(signal): Promise<Fetched> {
      const before = places.map(({ known }) => known);
      try {
        client ??= await createClient(forcePathStyle);
        for (const [i, place] of places.entries()) {
          const problem = await read(client, bucket, place, signal);
          if (problem === "absent" && i === 0) return failedFetch("The object is not there (NoSuchKey).");
          if (problem !== null && problem !== "absent") {
            forget();
            return failedFetch(problem);
          }
        }
      } catch (thrown) {
        forget();
        return awsFailure(thrown, "S3", "s3:GetObject, and s3:ListBucket to tell a missing overlay");
      }
      if (places.every(({ known }, i) => known !== null && known === before[i]))
        return { result: "unchanged" };
      const texts = places.flatMap(({ key, known }): PolicyText[] =>
        known ? [{ file: `s3://${bucket}/${key}`, text: known.text }] : [],
      );
      return { result: "texts", texts, revision: places[0]?.known?.etag ?? null };
    },
  };
}

async function createClient(forcePathStyle: boolean): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return new S3Client({ forcePathStyle });
}

/** Brings `place` up to date. Null: it is; else what is wrong. Throws what the client throws. */
async function read(client: S3Client, bucket: string, place: Place, signal: AbortSignal) {
  const { GetObjectCommand } = await import("@aws-sdk/client-s3");
  const etag = place.known?.etag ?? null;
  const question = new GetObjectCommand({
    Bucket: bucket,
    Key: place.key,
    ...(etag !== null && { IfNoneMatch: etag }),
  });
  try {
    const answer = await orAborted(client.send(question, { abortSignal: signal }), signal);
    if (!answer.Body) return "S3 answered with nothing.";
    const read = await orAborted(
      readBounded(answer.Body.transformToWebStream().getReader(), MAX_DOCUMENT_BYTES),
      signal,
    );
    if (!read.ok) return "The object is larger than 10 MiB. See whether the address is the policy's.";
    const text = decodeText(read.bytes);
    if (text === null) return "The object is not UTF-8. See whether the address is the policy's.";
    place.known = { text, etag: answer.ETag ?? null };
    return null;
  } catch (thrown) {
    if (awsStatusOf(thrown) === 304) return null;
    if (awsErrorName(thrown) !== "NoSuchKey" && awsStatusOf(thrown) !== 404) throw thrown;
    place.known = null;
    return awsErrorName(thrown) === "NoSuchBucket" ? "There is no such bucket (NoSuchBucket)." : "absent";
  }
}
