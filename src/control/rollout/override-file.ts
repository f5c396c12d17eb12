/** Orders over rollouts, kept in the data directory. Owns the file's name. */
import { keptFile } from "../policy/kept-file.ts";
import { bookSchema, type KeptBook } from "./override-book.ts";

export const keptOverrides = keptFile<KeptBook>("rollout-overrides.json", bookSchema);
