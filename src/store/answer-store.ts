/** Answers that a use case has kept, as a port. Owns the shape; knows no driver and not what an answer is made of. */

/** Found by tenant and key together, and by nothing less: no key leads to another tenant's answer. */
export interface KeptAnswer {
  readonly tenant: string;
  /** Of the request, as hexadecimal. */
  readonly key: string;
  readonly useCase: string;
  /** Epoch milliseconds. */
  readonly storedAt: number;
  readonly expiresAt: number;
  /** The answer as JSON. */
  readonly document: string;
}

/** What is kept at the most; the oldest leave first. */
export interface AnswerBounds {
  readonly count: number;
  /** Characters of all documents together. */
  readonly chars: number;
}

export interface AnswerStore {
  /** Each takes the place of an older one with the same tenant and key. */
  put(answers: readonly KeptAnswer[]): Promise<void>;
  /** Newest first, without those that have expired. */
  load(now: number, bounds: AnswerBounds): Promise<readonly KeptAnswer[]>;
  /** Forgets the answers of every other use case. */
  keepOnly(useCases: readonly string[]): Promise<void>;
  /** Forgets what has expired and what is beyond the bounds; answers with how many. */
  sweep(now: number, bounds: AnswerBounds): Promise<number>;
}
