/** Where a call goes. Owns how each kind of endpoint turns a wire's path into a URL. */
import type { Deployment } from "../core/deployment.ts";
import type { ModelRequest } from "../core/request.ts";

/** The URL of one call; `path` is the wire's own. */
export function endpointUrl(deployment: Deployment, request: ModelRequest, path: string): string {
  const { baseUrl, endpoint } = deployment;
  const model = encodeURIComponent(deployment.modelId);
  switch (endpoint.type) {
    case "plain":
      return baseUrl + path;
    case "azure":
      if (endpoint.apiVersion === null) return `${baseUrl}/openai/v1${path}`;
      return `${baseUrl}/openai/deployments/${model}${path}?api-version=${encodeURIComponent(endpoint.apiVersion)}`;
    case "vertex": {
      const { project, location, publisher } = endpoint;
      const models = `${baseUrl}/v1/projects/${project}/locations/${location}/publishers/${publisher}/models/`;
      if (publisher === "anthropic") {
        return `${models}${model}:${request.stream ? "streamRawPredict" : "rawPredict"}`;
      }
      // The Gemini wire's path is `/models/{model}:{method}`.
      return models + path.slice("/models/".length);
    }
    case "sagemaker":
      return `${baseUrl}/endpoints/${model}/invocations${request.stream ? "-response-stream" : ""}`;
  }
}
