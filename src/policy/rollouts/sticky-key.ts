/** By what a request keeps its arm. Owns what each word of `sticky` means. */
import type { Caller } from "../../core/caller.ts";
import type { Stickiness } from "../../core/rollouts.ts";
import { BASIS, hashText, mix } from "./rendezvous.ts";

/**
 * An end user's id as routing uses it and records have it: eight hexadecimal digits. Two users in four billion
 * share one, and then their arms. It hides an id from the eye, not from somebody who has a list of ids to try.
 */
export function digestOfUser(user: string): string {
  return mix(hashText(user, BASIS)).toString(16).padStart(8, "0");
}

/**
 * The text whose hash decides; null for `request`, which is drawn anew each time. Where the caller names no end
 * user, its key stands in: a user who cannot be told apart must not move from request to request. `user` is the
 * digest of its id.
 */
export function stickyKey(by: Stickiness, caller: Caller, user: string | undefined): string | null {
  switch (by) {
    case "request":
      return null;
    case "caller":
      return caller.keyId;
    case "user":
      return user === undefined ? caller.keyId : `${caller.tenant}\n${user}`;
    case "caller_and_user":
      return user === undefined ? caller.keyId : `${caller.keyId}\n${user}`;
  }
}
