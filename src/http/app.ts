/**
 * The process as one function from Request to Response. Owns dispatch: inference goes straight to the data
 * plane, everything else to the control application, which is built when it is first asked for.
 */
import { roleSuffices } from "../core/caller.ts";
import { type Fault, fault } from "../core/faults.ts";
import { authenticateAtAll } from "../gateway/choose-version.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { handleInference } from "../gateway/handle-inference.ts";
import type { Ingress } from "../gateway/ingress.ts";
import { readHeaders } from "../gateway/read-headers.ts";
import { StoreError } from "../store/store-error.ts";
import type { ControlPorts } from "./control-ports.ts";
import type { FindIngress } from "./inference-routes.ts";
import { problem } from "./problem.ts";
import { refuse, refuseAs } from "./refuse.ts";
import { findRoute } from "./routes.ts";

export interface AppPorts {
  readonly gateway: Gateway;
  readonly inference: FindIngress;
  readonly control: ControlPorts;
}

/** URLs of inference that are found at once: one for each path and name of this host. Others may be made up. */
const MAX_KNOWN = 256;

export function createApp(ports: AppPorts): (request: Request) => Promise<Response> {
  const { gateway, inference } = ports;
  let controlApp: Promise<(request: Request) => Response | Promise<Response>> | null = null;
  const control = async (request: Request, path: string): Promise<Response> => {
    const requestId = gateway.ids.next("req");
    try {
      const ingress = inference(path);
      if (ingress) {
        const { wire } = await ingress;
        return refuseAs(wire.renderFault, wrongMethod("POST"), requestId, { allow: "POST" });
      }
      const refused = guard(gateway, request, path, requestId);
      if (refused) return refused;
      controlApp ??= import("./control-app.ts").then((module) => module.createControlApp(ports.control));
      const response = await (await controlApp)(request);
      // A refusal has its own, which its body names as well.
      if (!response.headers.has("x-request-id")) response.headers.set("x-request-id", requestId);
      return response;
    } catch (thrown) {
      gateway.reportInternal(requestId, thrown);
      return refuse({ path, headers: request.headers }, faultOf(thrown, path, requestId), requestId);
    }
  };
  const firstOfItsWire = async (ingress: Promise<Ingress>, request: Request): Promise<Response> => {
    try {
      return await handleInference(gateway, await ingress, request);
    } catch (thrown) {
      return answerThrown(gateway, thrown, pathOf(request.url));
    }
  };
  const known = new Map<string, Ingress>();
  // Not async: inference has a promise of its own, and a second one around it would cost every request.
  return (request) => {
    const { url } = request;
    const isPost = request.method === "POST";
    const same = isPost ? known.get(url) : undefined;
    if (same !== undefined) return handleInference(gateway, same, request);
    const path = pathOf(url);
    const ingress = isPost ? inference(path, queryOf(url)) : null;
    if (ingress === null) return control(request, path);
    if (ingress instanceof Promise) return firstOfItsWire(ingress, request);
    if (ingress.target === undefined) {
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(url, ingress);
    }
    return handleInference(gateway, ingress, request);
  };
}

/** What is thrown past everything that should have answered it. */
export function answerThrown(
  gateway: Pick<Gateway, "ids" | "reportInternal">,
  thrown: unknown,
  path = "/",
): Response {
  const requestId = gateway.ids.next("req");
  gateway.reportInternal(requestId, thrown);
  return problem(faultOf(thrown, path, requestId), requestId);
}

/**
 * A store says to those who run it what is wrong with it and how to mend it, which names files of this machine; of all
 * else, and anybody else, the caller learns the id alone.
 */
function faultOf(thrown: unknown, path: string, requestId: string): Fault {
  if (thrown instanceof StoreError && thrown.kind !== "internal") {
    const message = path.startsWith("/admin/")
      ? thrown.message
      : `The gateway's records cannot be used now. Quote request id ${requestId} to your platform owner.`;
    return fault("unavailable", `store_${thrown.kind}`, message);
  }
  return fault("internal", "internal_error", `The gateway failed. Quote request id ${requestId}.`);
}

/** The response that ends the request here, or null where the route exists and the caller may use it. */
function guard(gateway: Gateway, request: Request, path: string, requestId: string): Response | null {
  const found = findRoute(request.method, path);
  if (found.kind === "unknown") {
    return problem(
      fault(
        "not_found",
        "unknown_path",
        path.startsWith("/admin/")
          ? "There is nothing at this path. GET /openapi.json lists those of the control interface."
          : "There is nothing at this path. Chat is at POST /v1/chat/completions, /v1/responses, /v1/messages and /model/{model}/converse.",
      ),
      requestId,
    );
  }
  const asked = { path, headers: request.headers };
  if (found.kind === "wrong_method") {
    return refuse(asked, wrongMethod(found.allow), requestId, { allow: found.allow });
  }
  const { access } = found.row;
  if (access === "open") return null;
  const caller = authenticateAtAll(readHeaders(request.headers), gateway);
  if (!caller.ok)
    return refuse(asked, caller.fault, requestId, { "www-authenticate": 'Bearer realm="pointsman"' });
  if (roleSuffices(caller.value.role, access)) return null;
  return refuse(
    asked,
    fault(
      "forbidden",
      "role_required",
      `This path needs the role ${access}; the key has ${caller.value.role}.`,
    ),
    requestId,
  );
}

function wrongMethod(allow: string): Fault {
  return fault("method_not_allowed", "method_not_allowed", `This path takes ${allow}.`);
}

/**
 * The path of a URL without its query; a URL object would cost more than the rest of dispatch. Where a request has no
 * Host that would do, the runtime's URL begins with the path.
 */
export function pathOf(url: string): string {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

/** Without its question mark; empty where there is none. */
function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start + 1);
}
