/** A call before it proves itself: what a signature covers. */
export interface UnsignedCall {
  readonly url: string;
  /** Whoever authorises the call adds to these. */
  readonly headers: Record<string, string>;
  readonly body: string;
}
