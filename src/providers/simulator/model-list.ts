/** A deployment's list of models, which is its own alone. Owns the shapes in which clients ask for it. */
import type { ModelsShape } from "./routes.ts";
import type { SimulatedDeployment } from "./scenario.ts";

/** One list serves the clients of OpenAI and of Anthropic, who ask at the same path. */
export function modelList({ model }: SimulatedDeployment, shape: ModelsShape): unknown {
  if (shape === "gemini") {
    const methods = ["generateContent", "streamGenerateContent", "countTokens", "batchEmbedContents"];
    const entry = { name: `models/${model}`, displayName: model, supportedGenerationMethods: methods };
    return { models: [entry], simulated: true };
  }
  const openai = { object: "model", created: 0, owned_by: "pointsman-simulator" };
  const anthropic = { type: "model", display_name: model, created_at: "1970-01-01T00:00:00Z" };
  const data = [{ id: model, ...openai, ...anthropic }];
  return { object: "list", data, has_more: false, first_id: model, last_id: model, simulated: true };
}
