"""The official Anthropic SDK against `npm start`: pip install anthropic && python examples/anthropic_sdk.py"""

import os

import anthropic

client = anthropic.Anthropic(
    base_url=os.environ.get("POINTSMAN_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8080')}"),
    api_key=os.environ.get("POINTSMAN_DEMO_KEY", "pm_demo_0000000000000000"),
)
question = [{"role": "user", "content": "Where is my parcel?"}]

answer = client.messages.create(model="support-chat", max_tokens=400, messages=question)
print(answer.content[0].text, answer.stop_reason, "\n")

with client.messages.stream(model="support-chat", max_tokens=400, messages=question) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
