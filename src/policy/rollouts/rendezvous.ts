/**
 * Weighted rendezvous hashing: who gets a key, when several share keys by weight. Owns the hash and the score;
 * knows neither deployments nor arms.
 *
 * Each one's score depends on the key, itself and its own weight alone. So adding, removing or reordering others
 * moves nobody between the rest, and raising one's weight moves keys to it and nowhere else. Source: Thaler and
 * Ravishankar (1996), with the logarithmic weights of Schindelhauer and Schomaker (2005).
 */

/** The offset basis of FNV-1a: where hashing starts when there is nothing before. */
export const BASIS = 0x811c9dc5;

/** FNV-1a over UTF-16 code units, going on from `seed`. */
export function hashText(text: string, seed: number): number {
  let state = seed;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}

/** The finaliser of MurmurHash3: FNV alone leaves the high bits of short texts alike. */
export function mix(value: number): number {
  let state = value;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** A hash as a number strictly between 0 and 1. */
export function uniformOf(hash: number): number {
  return (hash + 0.5) / 4_294_967_296;
}

/** How far the key's draw is from the winner of all: exponential with rate 1, before any weight. */
export function drawOf(hash: number): number {
  return -Math.log(uniformOf(hash));
}

/** The lowest score wins the key; weight 0 never does while another has any. */
export function scoreOf(hash: number, weight: number): number {
  return weight > 0 ? drawOf(hash) / weight : Number.POSITIVE_INFINITY;
}
