/** Where a call goes. Owns how each kind of endpoint turns a wire's path into a URL. */
import type { Deployment, Endpoint } from "../core/deployment.ts";
import type { ModelRequest } from "../core/request.ts";

/** The URL of one call; `path` is the wire's own. */
export function endpointUrl(deployment: Deployment, request: ModelRequest, path: string): string {
  const { baseUrl, endpoint, modelId } = deployment;
  switch (endpoint.type) {
    case "plain":
      return baseUrl + path;
    case "azure":
      return `${baseUrl}/openai${azurePath(endpoint, modelId, path)}`;
    case "vertex": {
      const { project, location, publisher } = endpoint;
      const models = `${baseUrl}/v1/projects/${project}/locations/${location}/publishers/${publisher}/models/`;
      // The Gemini wire's path is `/models/{model}:{method}`.
      return publisher === "google"
        ? models + path.slice("/models/".length)
        : models + claudeMethod(modelId, request);
    }
    case "sagemaker": {
      const name = encodeURIComponent(modelId);
      return `${baseUrl}/endpoints/${name}/invocations${streams(endpoint, request) ? "-response-stream" : ""}`;
    }
  }
}

/**
 * Whether `request` is answered with a stream: a container that a template is for answers whole, whatever was asked.
 */
export function streams(endpoint: Endpoint, { stream }: ModelRequest): boolean {
  return stream && (endpoint.type !== "sagemaker" || endpoint.template === undefined);
}

/** The v1 API names the deployment in the body; the dated one in the path, except that of responses. */
function azurePath(
  { apiVersion }: Extract<Endpoint, { type: "azure" }>,
  modelId: string,
  path: string,
): string {
  if (apiVersion === null) return `/v1${path}`;
  const version = `?api-version=${encodeURIComponent(apiVersion)}`;
  if (path.startsWith("/responses")) return path + version;
  return `/deployments/${encodeURIComponent(modelId)}${path}${version}`;
}

/** https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai: versions follow an `@`. */
function claudeMethod(modelId: string, { operation, stream }: ModelRequest): string {
  if (operation === "count_tokens") return "count-tokens:rawPredict";
  const model = encodeURIComponent(modelId).replaceAll("%40", "@");
  return `${model}:${stream ? "streamRawPredict" : "rawPredict"}`;
}
