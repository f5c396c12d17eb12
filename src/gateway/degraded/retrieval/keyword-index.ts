/**
 * Passages by their words (Okapi BM25: Robertson and Zaragoza, 2009, "The Probabilistic Relevance Framework").
 * Owns the score, and when none is good enough; reads no file.
 */
import type { Passage } from "./passages.ts";
import { wordsOf } from "./words.ts";

/** How soon repetitions of a word stop to count, and how much a long passage is held against it. */
const K1 = 1.2;
const B = 0.75;
/** Share of the question, by the weight of its words, that a passage must have. */
const LEAST_SHARE = 0.3;

export interface KeywordIndex {
  /** The best first; none where nothing has enough of the question's words. */
  search(question: string, top: number): readonly Passage[];
}

interface Posting {
  readonly passage: number;
  /** Times the word occurs in it. */
  readonly times: number;
}

export function createKeywordIndex(passages: readonly Passage[]): KeywordIndex {
  const postings = new Map<string, Posting[]>();
  const lengths = passages.map((passage, index) => addPassage(postings, passage, index));
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);

  /** What a word tells: the rarer, the more. */
  const weightOf = (word: string): number => {
    const having = postings.get(word)?.length ?? 0;
    return Math.log(1 + (passages.length - having + 0.5) / (having + 0.5));
  };
  const score = (words: readonly string[]): ReadonlyMap<number, Score> => {
    const scores = new Map<number, Score>();
    for (const word of words) {
      const weight = weightOf(word);
      for (const { passage, times } of postings.get(word) ?? []) {
        const norm = 1 - B + (B * (lengths[passage] ?? 0)) / meanLength;
        const before = scores.get(passage) ?? { points: 0, share: 0 };
        const points = before.points + (weight * times * (K1 + 1)) / (times + K1 * norm);
        scores.set(passage, { points, share: before.share + weight });
      }
    }
    return scores;
  };

  return {
    search(question, top) {
      const words = [...new Set(wordsOf(question))];
      const whole = words.reduce((sum, word) => sum + weightOf(word), 0);
      return [...score(words)]
        .filter(([, { share }]) => share >= LEAST_SHARE * whole)
        .sort(([a, one], [b, other]) => other.points - one.points || a - b)
        .slice(0, top)
        .flatMap(([index]) => passages[index] ?? []);
    },
  };
}

interface Score {
  readonly points: number;
  /** Weight of the question's words that the passage has. */
  readonly share: number;
}

/** The passage's length in words. A heading counts as a part of what stands under it. */
function addPassage(postings: Map<string, Posting[]>, { heading, text }: Passage, passage: number): number {
  const words = wordsOf(`${heading}\n${text}`);
  const times = new Map<string, number>();
  for (const word of words) times.set(word, (times.get(word) ?? 0) + 1);
  for (const [word, count] of times) {
    const known = postings.get(word);
    if (known) known.push({ passage, times: count });
    else postings.set(word, [{ passage, times: count }]);
  }
  return words.length;
}
