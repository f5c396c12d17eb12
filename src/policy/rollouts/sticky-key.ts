/** By what a request keeps its arm. Owns what each word of `sticky` means. */
import type { Caller } from "../../core/caller.ts";
import type { Stickiness } from "../../core/snapshot.ts";

/**
 * The text whose hash decides; null for `request`, which is drawn anew each time. Where the caller names no end
 * user, its key stands in: a user who cannot be told apart must not move from request to request.
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
