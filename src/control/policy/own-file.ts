/**
 * A kept file of gateways that may share its folder: none removes or overwrites what another one keeps that runs. Owns
 * whose it is; who runs is decided elsewhere.
 */
import { StoreError } from "../../store/store-error.ts";
import type { KeptFile } from "./kept-file.ts";

/** `by`: the gateway that keeps it; null: an earlier release did. */
export type Kept<Value> = Value & { readonly by: string | null };

/** Who shares the folder. */
export interface Neighbours {
  /** This gateway's. */
  readonly id: string;
  runs(id: string): boolean;
}

export interface OwnFile<Value> {
  /** Null: this gateway keeps none from now on. Rejects with a `StoreError` where another one keeps its own. */
  save(value: Value | null): Promise<void>;
  /** `isOthers`: a gateway that runs keeps it. Null: there is none. */
  load(): Promise<{ readonly value: Value; readonly isOthers: boolean } | null>;
}

export function ownFile<Value extends object>(
  file: KeptFile<Kept<Value>>,
  directory: string | null,
  us: Neighbours,
): OwnFile<Value> {
  const load = async () => {
    const value = await file.load(directory);
    if (value === null) return null;
    return { value, isOthers: value.by !== null && value.by !== us.id && us.runs(value.by) };
  };
  return {
    load,
    async save(value) {
      const isTaken = (await load())?.isOthers ?? false;
      if (!isTaken) return file.save(directory, value && { ...value, by: us.id });
      if (value !== null) {
        const message =
          "Another gateway with this policy keeps its own in the data directory. Give each its own --data.";
        throw new StoreError("inaccessible", message);
      }
    },
  };
}
