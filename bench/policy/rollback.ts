/** How long a canary that is called back still gets requests. Bar: 1,000 ms from the command on. */
import type { Measure } from "./measure.ts";
import { rollbackAtOwnGateway } from "./rollback-gateway.ts";

export async function measureRollbackByCommand(): Promise<Measure> {
  const rollback = await rollbackAtOwnGateway();
  const { rollback_ms, requests } = rollback;
  return {
    lines: [[`rollback of a canary, under ${requests} requests`, `${rollback_ms} ms`]],
    figures: { rollback_ms, rollback },
  };
}
