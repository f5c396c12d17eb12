// A client that asks once a second and prints who answered. Start the gateway with a scenario that breaks
// things, `npm start -- --scenario examples/scenarios/region-outage.yaml`, and watch the ladder at work.
const url = process.env.POINTSMAN_URL ?? `http://127.0.0.1:${process.env.PORT ?? "8080"}`;
const key = process.env.POINTSMAN_API_KEY ?? process.env.POINTSMAN_DEMO_KEY ?? "pm_demo_0000000000000000";
const rounds = Number(process.argv[2] ?? Number.POSITIVE_INFINITY);

console.log("   s  status  rung          model         region      degraded  attempts     ms");
const startedAt = Date.now();
for (let round = 0; round < rounds; round++) {
  const askedAt = Date.now();
  const line = await ask();
  console.log(`${String(Math.round((askedAt - startedAt) / 1000)).padStart(4)}  ${line}`);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1000 - (Date.now() - askedAt))));
}

async function ask() {
  const askedAt = performance.now();
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "support-chat",
        messages: [
          {
            role: "user",
            content: "My parcel has not arrived and the order number is 12345. What can I do?",
          },
        ],
      }),
    });
    await response.json();
    const said = (name) => response.headers.get(`x-pointsman-${name}`) ?? "-";
    return [
      String(response.status).padEnd(7),
      said("rung").padEnd(13),
      said("model").padEnd(13),
      said("region").padEnd(11),
      said("degraded").padEnd(9),
      said("attempts").padEnd(8),
      String(Math.round(performance.now() - askedAt)).padStart(6),
    ].join(" ");
  } catch (error) {
    return `no answer: ${error.cause?.code ?? error.message}. Is the gateway up? Start it with 'npm start'.`;
  }
}
