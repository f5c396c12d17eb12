// The official AWS SDK for Bedrock against `npm start`: node examples/bedrock-sdk.mjs
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";

const port = process.env.PORT ?? "8080";
const client = new BedrockRuntimeClient({
  endpoint: process.env.POINTSMAN_URL ?? `http://127.0.0.1:${port}`,
  region: "us-east-1",
  credentials: {
    accessKeyId: "POINTSMANDEMO",
    secretAccessKey: process.env.POINTSMAN_DEMO_KEY ?? "pm_demo_0000000000000000",
  },
  // The gateway's ladder has already tried all it may.
  maxAttempts: 1,
});
const question = {
  modelId: "support-chat",
  messages: [{ role: "user", content: [{ text: "Where is my parcel?" }] }],
};

const answer = await client.send(new ConverseCommand(question));
console.log(answer.output.message.content[0].text);
console.log(`${answer.usage.inputTokens} + ${answer.usage.outputTokens} tokens, ${answer.stopReason}\n`);

const { stream } = await client.send(new ConverseStreamCommand(question));
for await (const event of stream) process.stdout.write(event.contentBlockDelta?.delta?.text ?? "");
console.log();
client.destroy();
