/** What a path says of a request before its body is read. Owns the shape; the table of paths is http's. */
import type { Operation } from "../core/request.ts";
import type { AnyWire } from "../providers/wire-registry.ts";

export interface Ingress {
  readonly wire: AnyWire;
  /** Absent: the wire's usual one. */
  readonly operation?: Operation;
  /** The model, where the path names it. */
  readonly target?: string;
  /** Absent: the body says. */
  readonly stream?: boolean;
}
