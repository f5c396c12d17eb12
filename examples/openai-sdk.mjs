// The official OpenAI SDK, unchanged: only the base URL and the key are Pointsman's, and the model is a use case.
import OpenAI from "openai";

const port = process.env.PORT ?? "8080";
const client = new OpenAI({
  baseURL: `${process.env.POINTSMAN_URL ?? `http://127.0.0.1:${port}`}/v1`,
  apiKey: process.env.POINTSMAN_DEMO_KEY ?? "pm_demo_0000000000000000",
});

const { data, response } = await client.chat.completions
  .create({
    model: "support-chat",
    messages: [{ role: "user", content: "Where is my parcel? The order number is 12345." }],
  })
  .withResponse();
console.log(data.choices[0]?.message.content);
console.log(
  `served by ${data.model} in ${response.headers.get("x-pointsman-region")}, rung ${response.headers.get("x-pointsman-rung")}\n`,
);

const stream = await client.chat.completions.create({
  model: "support-chat",
  stream: true,
  messages: [{ role: "user", content: "Tell me in two sentences how returns work." }],
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
console.log("\n");

const invoice = await client.chat.completions.create({
  model: "invoice-extraction",
  messages: [{ role: "user", content: "Invoice 2024-117 of Example GmbH, total 118.50 EUR." }],
  response_format: {
    type: "json_schema",
    json_schema: {
      name: "invoice",
      strict: true,
      schema: {
        type: "object",
        properties: {
          number: { type: "string" },
          total: { type: "number" },
          currency: { enum: ["EUR", "USD"] },
        },
        required: ["number", "total", "currency"],
        additionalProperties: false,
      },
    },
  },
});
console.log(JSON.parse(invoice.choices[0]?.message.content ?? "null"));
