"""The official OpenAI SDK for Python, unchanged: pip install openai, then run this beside `npm start`."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("POINTSMAN_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8080')}") + "/v1",
    api_key=os.environ.get("POINTSMAN_DEMO_KEY", "pm_demo_0000000000000000"),
)

raw = client.chat.completions.with_raw_response.create(
    model="support-chat",
    messages=[{"role": "user", "content": "Where is my parcel? The order number is 12345."}],
)
answer = raw.parse()
print(answer.choices[0].message.content)
print("served by", answer.model, "in", raw.headers["x-pointsman-region"], "rung", raw.headers["x-pointsman-rung"])

for chunk in client.chat.completions.create(
    model="support-chat",
    stream=True,
    messages=[{"role": "user", "content": "Tell me in two sentences how returns work."}],
):
    print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
