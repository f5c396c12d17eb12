// The official Anthropic SDK against `npm start`: node examples/anthropic-sdk.mjs
import Anthropic from "@anthropic-ai/sdk";

const port = process.env.PORT ?? "8080";
const client = new Anthropic({
  baseURL: process.env.POINTSMAN_URL ?? `http://127.0.0.1:${port}`,
  apiKey: process.env.POINTSMAN_DEMO_KEY ?? "pm_demo_0000000000000000",
});
const question = {
  model: "support-chat",
  max_tokens: 400,
  messages: [{ role: "user", content: "Where is my parcel?" }],
};

const { data, response } = await client.messages.create(question).withResponse();
console.log(data.content[0].text);
console.log(`model ${data.model}, ${data.usage.input_tokens} + ${data.usage.output_tokens} tokens`);
console.log(`decision ${response.headers.get("x-pointsman-decision")}\n`);

const stream = client.messages.stream(question).on("text", (text) => process.stdout.write(text));
const message = await stream.finalMessage();
console.log(`\nstopped by ${message.stop_reason}`);
