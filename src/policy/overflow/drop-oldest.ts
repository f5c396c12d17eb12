/**
 * The oldest turns of a conversation left out until the rest fits. Owns what may go and in which order: system
 * messages, the user's last turn and what the model is to answer to stay; a call and its result go together.
 */
import type { Message } from "../../core/request.ts";

export interface Shortened {
  readonly kept: readonly Message[];
  /** In the order of the conversation. */
  readonly dropped: readonly Message[];
}

/** Messages that stand or fall together: one, or calls of tools with their results. */
interface Group {
  readonly messages: readonly Message[];
  readonly tokens: number;
  /** A message of the user, which begins a turn. */
  readonly isUser: boolean;
}

/** Leaves out at least `excess` tokens by `tokensOf`, and no more turns than that takes. Null where it cannot. */
export function dropOldest(
  messages: readonly Message[],
  tokensOf: (message: Message) => number,
  excess: number,
): Shortened | null {
  const groups = groupsOf(messages, tokensOf);
  const dropped = new Set<Message>();
  let freed = 0;
  const drop = (group: Group): void => {
    for (const message of group.messages) dropped.add(message);
    freed += group.tokens;
  };
  const { old, recent } = splitTurns(groups);
  for (const turn of old) {
    if (freed >= excess) break;
    for (const group of turn) drop(group);
  }
  for (const group of recent) {
    if (freed >= excess) break;
    drop(group);
  }
  if (freed < excess || dropped.size === 0) return null;
  return {
    kept: messages.filter((message) => !dropped.has(message)),
    dropped: messages.filter((message) => dropped.has(message)),
  };
}

function groupsOf(messages: readonly Message[], tokensOf: (message: Message) => number): readonly Group[] {
  const groups: { messages: Message[]; tokens: number; isUser: boolean }[] = [];
  for (const message of messages) {
    if (message.role === "system") continue;
    const before = groups[groups.length - 1];
    if (before && hasResult(message)) {
      before.messages.push(message);
      before.tokens += tokensOf(message);
      // Results and words in one message: the words are a turn of the user's as well.
      before.isUser ||= isUserTurn(message);
    } else groups.push({ messages: [message], tokens: tokensOf(message), isUser: isUserTurn(message) });
  }
  return groups;
}

/**
 * Whole turns before the user's last one, each with the answers to it, so that what is left begins with the
 * user; then the steps within the last turn, without the user's own words and the step that is to be answered.
 */
function splitTurns(groups: readonly Group[]): {
  readonly old: readonly (readonly Group[])[];
  readonly recent: readonly Group[];
} {
  const last = groups.findLastIndex(({ isUser }) => isUser);
  const old: Group[][] = [];
  for (const group of groups.slice(0, Math.max(0, last))) {
    const turn = old[old.length - 1];
    if (turn && !group.isUser) turn.push(group);
    else old.push([group]);
  }
  return { old, recent: groups.slice(last + 1, -1) };
}

function isUserTurn({ role, content }: Message): boolean {
  return role === "user" && content.some((part) => part.type !== "tool_result");
}

function hasResult({ content }: Message): boolean {
  return content.some((part) => part.type === "tool_result");
}
