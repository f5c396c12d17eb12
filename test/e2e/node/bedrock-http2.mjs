// The Bedrock Runtime client with nothing but an endpoint and credentials: it speaks HTTP/2 by default.
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";

const client = new BedrockRuntimeClient({
  endpoint: process.env.POINTSMAN_URL,
  region: "us-east-1",
  credentials: { accessKeyId: "POINTSMANDEMO", secretAccessKey: process.env.POINTSMAN_KEY },
  maxAttempts: 1,
});
const input = {
  modelId: process.env.MODEL,
  messages: [{ role: "user", content: [{ text: "Where is my parcel?" }] }],
};

const whole = await client.send(new ConverseCommand(input));
const text = whole.output.message.content.map((block) => block.text ?? "").join("");
const { stream } = await client.send(new ConverseStreamCommand(input));
let streamed = "";
for await (const event of stream) streamed += event.contentBlockDelta?.delta?.text ?? "";
const protocol = client.config.requestHandler.metadata?.handlerProtocol;
process.stdout.write(JSON.stringify({ text, same: text === streamed, protocol }));
client.destroy();
