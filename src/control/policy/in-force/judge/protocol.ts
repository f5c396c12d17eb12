/** What the reader of policies is asked and answers. Plain data alone: it crosses between processes. */
import type { Finding, LocateOptions, Path, Position } from "../../../../policy/finding.ts";
import type { PolicyText } from "../../../../policy/reading/load.ts";

/** A place in the texts that were read last. */
export interface Place {
  readonly path: Path;
  readonly options: LocateOptions | undefined;
}

export type ToReader =
  /** `before`: what is in force, to say what changes: its texts, or the digest it was read with; null: nothing is. */
  | {
      readonly type: "read";
      readonly sources: readonly PolicyText[];
      readonly before: readonly PolicyText[] | string | null;
    }
  | { readonly type: "locate"; readonly places: readonly Place[] };

/** A part of a document as JSON, small enough that parsing it holds nobody up. */
export interface DocumentPart {
  /** Of the document; its value is whole, or one of several parts of a map or a list. */
  readonly key: string;
  readonly kind: "whole" | "map" | "list";
  readonly json: string;
}

export type FromReader =
  | {
      readonly type: "read";
      readonly parts: readonly DocumentPart[];
      readonly digest: string;
      readonly findings: readonly Finding[];
      /** What differs from `before`: dotted paths, and in words. */
      readonly paths: readonly string[];
      readonly changes: readonly string[];
    }
  /** The digest says nothing any more: the texts are to be sent. */
  | { readonly type: "unknown_before" }
  | { readonly type: "invalid"; readonly findings: readonly Finding[] }
  | { readonly type: "located"; readonly positions: readonly Position[] }
  | { readonly type: "failed"; readonly message: string };
