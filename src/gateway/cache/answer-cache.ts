/**
 * Kept answers in memory: bounded by number and by size, the least recently given leave first. Owns the bounds
 * and the separation by tenant; knows no disk and no request.
 */
import type { AnswerBounds, KeptAnswer } from "../../store/answer-store.ts";

export interface AnswerCache {
  /** The tenant's answer to the request of this key, however old; null where there is none that has not expired. */
  find(tenant: string, key: string, now: number): KeptAnswer | null;
  keep(answer: KeptAnswer): void;
  /** Forgets the answers of every other use case. */
  keepOnly(useCases: readonly string[]): void;
  stats(): AnswerBounds;
}

export function createAnswerCache(bounds: AnswerBounds): AnswerCache {
  /** In the order of their last use. */
  const answers = new Map<string, KeptAnswer>();
  let chars = 0;

  const forget = (place: string): void => {
    const answer = answers.get(place);
    if (answer && answers.delete(place)) chars -= answer.document.length;
  };

  return {
    find(tenant, key, now) {
      const place = placeOf(tenant, key);
      const answer = answers.get(place);
      // The place says the tenant already; an answer is never given on the strength of that alone.
      if (!answer || answer.tenant !== tenant) return null;
      if (answer.expiresAt <= now) {
        forget(place);
        return null;
      }
      answers.delete(place);
      answers.set(place, answer);
      return answer;
    },
    keep(answer) {
      const place = placeOf(answer.tenant, answer.key);
      if ((answers.get(place)?.storedAt ?? 0) > answer.storedAt) return;
      forget(place);
      answers.set(place, answer);
      chars += answer.document.length;
      for (const oldest of answers.keys()) {
        if (answers.size <= bounds.count && chars <= bounds.chars) break;
        forget(oldest);
      }
    },
    keepOnly(useCases) {
      for (const [place, { useCase }] of answers) if (!useCases.includes(useCase)) forget(place);
    },
    stats: () => ({ count: answers.size, chars }),
  };
}

/** A key is hexadecimal and of one length, so that no tenant's name can end in another's key. */
function placeOf(tenant: string, key: string): string {
  return `${key}\n${tenant}`;
}
