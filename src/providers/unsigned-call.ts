/** A call before it proves itself: what a signature covers. */
export interface UnsignedCall {
  readonly url: string;
  /** Whoever authorises the call adds to these. */
  readonly headers: Record<string, string>;
  readonly body: string;
  /**
   * For whoever sends it: the provider refused who calls. Set by whoever authorised it where the proof can be had anew,
   * which the next call then does; this one cannot be mended.
   */
  doubt?: () => void;
}
