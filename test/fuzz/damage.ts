/** Ways to damage bytes. Owns the list; each is made by a seeded chance, so that it can be made again. */
import type { Random } from "../../src/core/clock.ts";

export interface Damage {
  readonly bytes: Uint8Array;
  readonly how: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What parsers are known to stumble over, as JSON text. */
const ODD_VALUES = [
  "null",
  "true",
  "-1",
  "0",
  "1e999",
  "-0",
  "1.7976931348623157e308",
  "9007199254740993",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '"constructor"',
  "[]",
  "{}",
  "[[[[]]]]",
  '{"__proto__":{"x":1}}',
  '{"type":"text"}',
  '{"type":null}',
  `"${"x".repeat(5000)}"`,
];

type Way = (bytes: Uint8Array, random: Random) => Uint8Array;

const WAYS: Readonly<Record<string, Way>> = {
  flip(bytes, random) {
    const copy = bytes.slice();
    for (let i = 0; i < 1 + random() * 8; i++) copy[at(copy, random)] = Math.floor(random() * 256);
    return copy;
  },
  cut: (bytes, random) => bytes.slice(0, at(bytes, random)),
  drop(bytes, random) {
    const from = at(bytes, random);
    return joined(bytes.subarray(0, from), bytes.subarray(from + 1 + Math.floor(random() * 40)));
  },
  repeat(bytes, random) {
    const from = at(bytes, random);
    const piece = bytes.subarray(from, from + 1 + Math.floor(random() * 60));
    const times = Math.floor(random() * 200);
    return joined(
      bytes.subarray(0, from),
      ...Array.from({ length: times }, () => piece),
      bytes.subarray(from),
    );
  },
  twice: (bytes) => joined(bytes, bytes),
  shuffle(bytes, random) {
    const cut = at(bytes, random);
    return joined(bytes.subarray(cut), bytes.subarray(0, cut));
  },
  noise(_bytes, random) {
    return Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256));
  },
  value(bytes, random) {
    return swapped(
      decoder.decode(bytes),
      random,
      () => ODD_VALUES[Math.floor(random() * ODD_VALUES.length)] ?? "0",
    );
  },
  values(bytes, random) {
    let text = decoder.decode(bytes);
    for (let i = 0; i < 4; i++) {
      text = decoder.decode(
        swapped(text, random, () => ODD_VALUES[Math.floor(random() * ODD_VALUES.length)] ?? "0"),
      );
    }
    return encoder.encode(text);
  },
  deep(bytes, random) {
    const depth = Math.floor(random() * 3000);
    return swapped(decoder.decode(bytes), random, () => "[".repeat(depth) + "]".repeat(depth));
  },
};

const NAMES = Object.keys(WAYS);

export function damageBytes(original: Uint8Array, random: Random): Damage {
  const how = NAMES[Math.floor(random() * NAMES.length)] ?? "flip";
  const bytes = (WAYS[how] ?? WAYS.flip)?.(original, random) ?? original;
  return { bytes, how };
}

function at(bytes: Uint8Array, random: Random): number {
  return Math.floor(random() * Math.max(1, bytes.length));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** One JSON scalar, or key, of `text` replaced. */
function swapped(text: string, random: Random, value: () => string): Uint8Array {
  const scalars = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true|false|null/g)];
  const chosen = scalars[Math.floor(random() * scalars.length)];
  if (!chosen) return encoder.encode(text);
  return encoder.encode(text.slice(0, chosen.index) + value() + text.slice(chosen.index + chosen[0].length));
}
