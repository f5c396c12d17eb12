/** Who a webhook goes to: what is slow or gone together. Owns the name that deliveries are bounded by. */

/** Scheme, host and port; empty where it is no address. */
export function receiverOf(url: string): string {
  return URL.parse(url)?.origin ?? "";
}
