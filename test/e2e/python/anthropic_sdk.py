"""The official Anthropic SDK for Python, unmodified, against a running gateway: prints what it saw as JSON.

Every response passes the SDK's own strict validation of its types. The expectations are in
python-anthropic-sdk.test.ts.
"""

import json
import os
import sys

import anthropic
import httpx2 as httpx

URL = os.environ["POINTSMAN_URL"]
SIMULATOR = os.environ["SIMULATOR_URL"]
KEY = os.environ["POINTSMAN_KEY"]
MODELS = os.environ["MODELS"].split(",")

QUESTION = [{"role": "user", "content": "Where is my parcel?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [
    {"name": "get_weather", "description": "Current weather of a city", "input_schema": CITY},
    {"name": "get_time", "description": "Local time of a city", "input_schema": CITY},
]
TOOL_QUESTION = [{"role": "user", "content": "What is the weather in Berlin, and the time in Tokyo?"}]


def client_with(key: str, **options: object) -> anthropic.Anthropic:
    settings: dict = {"max_retries": 0, **options}
    return anthropic.Anthropic(base_url=URL, api_key=key, _strict_response_validation=True, **settings)


client = client_with(KEY)


def text_of(message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def ask(model: str) -> dict:
    whole = client.messages.create(model=model, max_tokens=400, messages=QUESTION)
    with client.messages.stream(model=model, max_tokens=400, messages=QUESTION) as stream:
        pieces = "".join(stream.text_stream)
        final = stream.get_final_message()
    return {
        "text": text_of(whole),
        "same": pieces == text_of(whole) == text_of(final),
        "stop_reason": whole.stop_reason,
        "streamed_reason": final.stop_reason,
        "usage": whole.usage.output_tokens > 0 and final.usage.output_tokens == whole.usage.output_tokens,
        "request_id": whole._request_id,
    }


def tools(model: str) -> dict:
    with client.messages.stream(model=model, max_tokens=400, messages=TOOL_QUESTION, tools=TOOLS) as stream:
        first = stream.get_final_message()
    calls = [block for block in first.content if block.type == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"result {at}"} for at, call in enumerate(calls)
    ]
    second = client.messages.create(
        model=model,
        max_tokens=400,
        tools=TOOLS,
        messages=[
            *TOOL_QUESTION,
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": results},
        ],
    )
    return {
        "reason": first.stop_reason,
        "calls": [[call.name, sorted(call.input)] for call in calls],
        "answer": text_of(second),
    }


def count(model: str) -> int:
    return client.messages.count_tokens(model=model, messages=QUESTION).input_tokens


def error_of(call) -> dict:
    try:
        call()
    except anthropic.APIStatusError as error:
        return {"class": type(error).__name__, "status": error.status_code, "request_id": error.request_id}
    return {"class": None}


def errors() -> dict:
    one = {"max_tokens": 5, "messages": QUESTION}
    return {
        "unauthenticated": error_of(lambda: client_with("pm_nobody").messages.create(model=MODELS[0], **one)),
        "unknown_model": error_of(lambda: client.messages.create(model="nobody", **one)),
        "bad_request": error_of(lambda: client.messages.create(model=MODELS[0], max_tokens=0, messages=QUESTION)),
    }


def inject(fault: dict) -> None:
    httpx.post(f"{SIMULATOR}/_simulator/faults", json=fault).raise_for_status()


def clear() -> None:
    httpx.delete(f"{SIMULATOR}/_simulator/faults").raise_for_status()


def broken_stream(model: str) -> dict:
    inject({"fault": {"error_in_stream_after_tokens": 4}})
    text, raised, ended = "", None, False
    try:
        with client.messages.stream(model=model, max_tokens=400, messages=QUESTION) as stream:
            for event in stream:
                if event.type == "text":
                    text += event.text
                ended = ended or event.type == "message_stop"
    except anthropic.APIError as error:
        raised = isinstance(error, anthropic.APIError)
    finally:
        clear()
    return {"had_text": text != "", "ended": ended, "raised": raised}


json.dump(
    {
        "answers": {model: ask(model) for model in MODELS},
        "tools": {model: tools(model) for model in MODELS},
        "counts": {model: count(model) for model in MODELS},
        "models": [model.id for model in client.models.list()],
        "errors": errors(),
        "broken": {model: broken_stream(model) for model in MODELS},
    },
    sys.stdout,
)
