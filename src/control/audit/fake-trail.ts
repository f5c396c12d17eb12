/** An audit log for tests that look at what was written, and not at how. */
import type { Clock } from "../../core/clock.ts";
import type { AuditStore } from "../../store/audit-store.ts";
import { type AuditTrail, createAuditTrail } from "./audit-trail.ts";

export function fakeTrail(store: AuditStore, clock: Clock): AuditTrail {
  return createAuditTrail({ store, clock, onWritten() {}, onLate() {}, onLost() {} });
}
