/**
 * What time a gateway has: its records and its circuits are dated by it, and it may be another than this machine's.
 * Owns whom that is asked of.
 */
import { z } from "zod";
import { type Asked, askGateway } from "./ask.ts";
import type { CommandContext } from "./context.ts";
import type { GatewayOptions } from "./options.ts";

/** A gateway of an earlier release does not say: then this machine's is taken for its. */
const timeView = z.object({ at: z.number().optional() });

/** `view`: epoch milliseconds. */
export async function askTime(context: CommandContext, options: GatewayOptions): Promise<Asked<number>> {
  const asked = await askGateway(context, options, { path: "/admin/health" }, timeView);
  return asked.ok ? { ...asked, view: asked.view.at ?? context.ports.clock.now() } : asked;
}
