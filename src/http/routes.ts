/** Every route of the process and the role it asks for: one table, default deny. */
import type { Role } from "../core/caller.ts";

export type Access = Role | "open";

export interface RouteRow {
  readonly method: "GET" | "POST" | "DELETE" | "PUT";
  /** `{name}` matches one segment. */
  readonly path: string;
  readonly access: Access;
  readonly purpose: string;
  /** Its acts are written to the audit log by themselves, in more words than the path. */
  readonly auditsItself?: true;
}

export const ROUTES = [
  { method: "GET", path: "/v1/models", access: "caller", purpose: "the use cases this key may ask for" },
  { method: "GET", path: "/v1/models/{id}", access: "caller", purpose: "one of them" },
  { method: "POST", path: "/v1/files", access: "caller", purpose: "upload a file" },
  { method: "GET", path: "/v1/files", access: "caller", purpose: "the tenant's files" },
  { method: "GET", path: "/v1/files/{id}", access: "caller", purpose: "one of them" },
  { method: "GET", path: "/v1/files/{id}/content", access: "caller", purpose: "what is in it" },
  { method: "DELETE", path: "/v1/files/{id}", access: "caller", purpose: "delete it" },
  { method: "POST", path: "/v1/batches", access: "caller", purpose: "have a file of requests answered" },
  { method: "GET", path: "/v1/batches", access: "caller", purpose: "the tenant's batches, newest first" },
  { method: "GET", path: "/v1/batches/{id}", access: "caller", purpose: "how one of them stands" },
  { method: "POST", path: "/v1/batches/{id}/cancel", access: "caller", purpose: "end it early" },
  { method: "POST", path: "/v1/jobs", access: "caller", purpose: "have a request done that can wait" },
  { method: "GET", path: "/v1/jobs", access: "caller", purpose: "the tenant's jobs, newest first" },
  {
    method: "GET",
    path: "/v1/jobs/{id}",
    access: "caller",
    purpose: "how one of them stands, and its result",
  },
  { method: "POST", path: "/v1/jobs/{id}/cancel", access: "caller", purpose: "end it early" },
  { method: "POST", path: "/v1/jobs/{id}/redeliver", access: "caller", purpose: "have its end told again" },
  { method: "GET", path: "/healthz", access: "open", purpose: "the process lives" },
  {
    method: "GET",
    path: "/readyz",
    access: "open",
    purpose: "a policy is in force and no shutdown is under way",
  },
  { method: "GET", path: "/openapi.json", access: "open", purpose: "this interface, described" },
  { method: "GET", path: "/metrics", access: "open", purpose: "Prometheus metrics" },
  { method: "GET", path: "/schema/policy.json", access: "open", purpose: "JSON Schema of the policy" },
  {
    method: "GET",
    path: "/schema/scenario.json",
    access: "open",
    purpose: "JSON Schema of a simulator scenario",
  },
  { method: "GET", path: "/admin/decisions", access: "viewer", purpose: "decision records, newest first" },
  { method: "GET", path: "/admin/decisions/{id}", access: "viewer", purpose: "one decision record" },
  { method: "GET", path: "/admin/health", access: "viewer", purpose: "circuits, cooldowns and latencies" },
  {
    method: "POST",
    path: "/admin/health/{deployment}/reset",
    access: "operator",
    purpose: "close a circuit and end its quota's cooldown",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/health/{deployment}/force-open",
    access: "operator",
    purpose: "take a deployment out",
    auditsItself: true,
  },
  { method: "GET", path: "/admin/policy", access: "viewer", purpose: "the policy in force and its findings" },
  {
    method: "GET",
    path: "/admin/policy/replicas",
    access: "viewer",
    purpose: "which gateways there are and what each serves",
  },
  { method: "GET", path: "/admin/policy/history", access: "viewer", purpose: "activations and refusals" },
  { method: "GET", path: "/admin/policy/versions/{version}", access: "viewer", purpose: "a version's texts" },
  { method: "POST", path: "/admin/policy/diff", access: "viewer", purpose: "what differs between two" },
  {
    method: "PUT",
    path: "/admin/policy",
    access: "operator",
    purpose: "write the policy, where it lives in the gateway's store",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/policy/rollback",
    access: "operator",
    purpose: "put an earlier version in force",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/policy/unpin",
    access: "operator",
    purpose: "follow the source again after a rollback",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/policy/activations",
    access: "operator",
    purpose: "let a version take over by steps",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/policy/activations/complete",
    access: "operator",
    purpose: "take the remaining steps at once",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/policy/activations/abort",
    access: "operator",
    purpose: "give all traffic back to the version before",
    auditsItself: true,
  },
  { method: "GET", path: "/admin/audit", access: "admin", purpose: "the audit log" },
  { method: "GET", path: "/admin/audit/verify", access: "admin", purpose: "whether the audit log is whole" },
  { method: "GET", path: "/admin/rollouts", access: "viewer", purpose: "arms of rollouts and how each does" },
  {
    method: "POST",
    path: "/admin/rollouts/{rollout}/set",
    access: "operator",
    purpose: "give an arm another weight",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/rollouts/{rollout}/promote",
    access: "operator",
    purpose: "give the newcomer more, or everything",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/rollouts/{rollout}/abort",
    access: "operator",
    purpose: "all requests back to what served before",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/rollouts/{rollout}/release",
    access: "operator",
    purpose: "follow the policy's text again",
    auditsItself: true,
  },
  { method: "GET", path: "/admin/model-aliases", access: "viewer", purpose: "the model of each alias" },
  {
    method: "POST",
    path: "/admin/model-aliases/{alias}/set",
    access: "operator",
    purpose: "move an alias to another model",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/model-aliases/{alias}/release",
    access: "operator",
    purpose: "let an alias stand for what the policy's text says",
    auditsItself: true,
  },
  { method: "POST", path: "/admin/explain", access: "viewer", purpose: "the ladder a request would climb" },
  {
    method: "POST",
    path: "/admin/explain/replay",
    access: "viewer",
    purpose: "what another policy would have done with past requests",
  },
  { method: "GET", path: "/admin/jobs/queue", access: "viewer", purpose: "how many jobs wait" },
  { method: "GET", path: "/admin/jobs/dead", access: "viewer", purpose: "jobs that were given up" },
  {
    method: "POST",
    path: "/admin/jobs/dead/replay",
    access: "operator",
    purpose: "put them back",
    auditsItself: true,
  },
  {
    method: "POST",
    path: "/admin/jobs/dead/discard",
    access: "operator",
    purpose: "forget them",
    auditsItself: true,
  },
  { method: "GET", path: "/admin/tickets", access: "viewer", purpose: "tickets for people, newest first" },
  { method: "GET", path: "/admin/tickets/{id}", access: "operator", purpose: "one ticket, with its texts" },
  { method: "POST", path: "/admin/tickets/{id}/claim", access: "operator", purpose: "work on a ticket" },
  { method: "POST", path: "/admin/tickets/{id}/answer", access: "operator", purpose: "answer a ticket" },
  {
    method: "POST",
    path: "/admin/tickets/{id}/close",
    access: "operator",
    purpose: "end it without an answer",
  },
] as const satisfies readonly RouteRow[];

export type RouteLookup =
  | { readonly kind: "found"; readonly row: RouteRow }
  | { readonly kind: "wrong_method"; readonly allow: string }
  | { readonly kind: "unknown" };

/** Finds the row for a request; HEAD goes where GET goes. */
export function findRoute(method: string, path: string): RouteLookup {
  const wanted = method === "HEAD" ? "GET" : method;
  const allowed: string[] = [];
  for (const row of ROUTES) {
    if (!matches(row.path, path)) continue;
    if (row.method === wanted) return { kind: "found", row };
    allowed.push(row.method);
  }
  return allowed.length > 0 ? { kind: "wrong_method", allow: allowed.join(", ") } : { kind: "unknown" };
}

function matches(pattern: string, path: string): boolean {
  if (pattern === path) return true;
  if (!pattern.includes("{")) return false;
  const wanted = pattern.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length && wanted.every((segment, i) => isHole(segment) || segment === given[i])
  );
}

function isHole(segment: string): boolean {
  return segment.startsWith("{");
}
