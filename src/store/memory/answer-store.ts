/** Kept answers that end with the process, for `--data :memory:` and tests. */
import type { AnswerBounds, AnswerStore, KeptAnswer } from "../answer-store.ts";

export function memoryAnswers(assertOpen: () => void): AnswerStore {
  const kept = new Map<string, KeptAnswer>();
  return {
    async put(answers) {
      assertOpen();
      for (const answer of answers) {
        const place = `${answer.tenant}\n${answer.key}`;
        const before = kept.get(place);
        if (before && before.storedAt > answer.storedAt) continue;
        kept.set(place, answer);
      }
    },
    async load(now, bounds) {
      assertOpen();
      return within(newestFirst(kept.values()), now, bounds);
    },
    async keepOnly(useCases) {
      assertOpen();
      for (const [place, { useCase }] of kept) if (!useCases.includes(useCase)) kept.delete(place);
    },
    async sweep(now, bounds) {
      assertOpen();
      const stay = new Set(within(newestFirst(kept.values()), now, bounds));
      const before = kept.size;
      for (const [place, answer] of kept) if (!stay.has(answer)) kept.delete(place);
      return before - kept.size;
    },
  };
}

function newestFirst(answers: Iterable<KeptAnswer>): KeptAnswer[] {
  return [...answers].sort((a, b) => b.storedAt - a.storedAt);
}

function within(answers: readonly KeptAnswer[], now: number, { count, chars }: AnswerBounds): KeptAnswer[] {
  const stay: KeptAnswer[] = [];
  let total = 0;
  for (const answer of answers) {
    if (answer.expiresAt <= now) continue;
    total += answer.document.length;
    if (stay.length === count || total > chars) break;
    stay.push(answer);
  }
  return stay;
}
