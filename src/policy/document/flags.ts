/** The document's feature flags and where else their values may come from. Owns their written form. */
import { z } from "zod";
import { duration, environmentVariable } from "./fields.ts";
import { percent, stickiness } from "./rollouts.ts";
import { MAX_CONDITION_LENGTH, scope } from "./routing.ts";

/** Conditions read a flag as `flags.name`, so its name is a plain word. */
export const flagName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
    "must be 1 to 64 letters, digits or underscores, and not begin with a digit",
  )
  .refine((name) => !(name in Object.prototype), "must not be the name of something that every object has");

const variantName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 letters, digits or any of _ . -");
const value = z.union([z.boolean(), z.number(), z.string().max(1000)]);

const rule = z
  .strictObject({
    match: scope.match,
    when: z
      .string()
      .min(1)
      .max(MAX_CONDITION_LENGTH)
      .optional()
      .describe("CEL, as a route's, without flags."),
    variant: variantName.describe("What the flag is then."),
  })
  .refine(
    (written) => written.match !== undefined || written.when !== undefined,
    "must have match or when; the default is for everybody else",
  );

export const flag = z
  .strictObject({
    description: z.string().max(1000).prefault("").describe("What it is for, for people."),
    variants: z
      .record(variantName, value)
      .prefault({ on: true, off: false })
      .describe("Values by name, all of one kind: true or false, numbers, or text."),
    default: variantName
      .prefault("off")
      .describe("Variant for those whom neither rule nor rollout takes in."),
    rules: z.array(rule).max(100).prefault([]).describe("First match wins."),
    rollout: z
      .strictObject({
        percent: percent.describe("Percent of those whom no rule takes in."),
        variant: variantName.prefault("on").describe("What the flag is for them."),
        sticky: stickiness
          .prefault("caller_and_user")
          .describe("Who keeps the value from request to request."),
      })
      .optional()
      .describe("A share of those whom no rule takes in."),
  })
  .describe("A feature flag; conditions read it as `flags.name`.");

export const flagsProvider = z
  .strictObject({
    module: z
      .string()
      .regex(
        /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*(?:\/[A-Za-z0-9._-]+)*$/,
        "must be the name of an installed package",
      )
      .max(214)
      .describe(
        "Package of an OpenFeature provider, installed beside the gateway and loaded when it starts.",
      ),
    export: z
      .string()
      .regex(/^[A-Za-z_$][A-Za-z0-9_$]*$/, "must be the name of an export")
      .prefault("default")
      .describe("Its provider class, or a function that returns a provider."),
    options: z
      .record(z.string(), z.unknown())
      .prefault({})
      .describe("Its only argument; `{ env: NAME }` anywhere in it stands for that environment variable."),
    ttl: duration.prefault("30s").describe("How long a value is used before it is asked for anew."),
  })
  .describe("An OpenFeature provider whose values go before the policy's; loaded once, at the start.");

/** `{ env: NAME }` in a provider's options. */
export const fromEnvironment = z.strictObject({ env: environmentVariable });

export type WrittenFlag = z.output<typeof flag>;
