"""The official OpenAI SDK for Python, unmodified, against a running gateway: prints what it saw as JSON.

Every response passes the SDK's own strict validation of its types. The expectations are in python-sdk.test.ts.
"""

import json
import os
import sys

import openai
from pydantic import BaseModel

URL = os.environ["POINTSMAN_URL"]
SIMULATOR = os.environ["SIMULATOR_URL"]
KEY = os.environ["POINTSMAN_KEY"]
LIMITED_KEY = os.environ["POINTSMAN_LIMITED_KEY"]


def client_with(key: str, **options: object) -> openai.OpenAI:
    settings: dict = {"max_retries": 0, **options}
    return openai.OpenAI(base_url=f"{URL}/v1", api_key=key, _strict_response_validation=True, **settings)


client = client_with(KEY)


def user(text: str) -> list:
    return [{"role": "user", "content": text}]


def plain() -> dict:
    raw = client.chat.completions.with_raw_response.create(model="support-chat", messages=user("Where is my parcel?"))
    answer = raw.parse()
    return {
        "content": answer.choices[0].message.content,
        "finish": answer.choices[0].finish_reason,
        "total": answer.usage.total_tokens - answer.usage.prompt_tokens - answer.usage.completion_tokens,
        "request_id": answer._request_id,
        "headers": {name: value for name, value in raw.headers.items() if name.startswith("x-")},
    }


def stream() -> dict:
    text, finishes, usage = "", [], None
    for chunk in client.chat.completions.create(
        model="support-chat",
        messages=user("Where is my parcel?"),
        stream=True,
        stream_options={"include_usage": True},
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finishes += [choice.finish_reason] if choice.finish_reason else []
    with client.chat.completions.stream(model="support-chat", messages=user("Where is my parcel?")) as events:
        helper = events.get_final_completion()
    return {
        "content": text,
        "finishes": finishes,
        "completion_tokens": usage.completion_tokens if usage else None,
        "helper": helper.choices[0].message.content,
    }


def tools() -> dict:
    def tool(name: str, description: str) -> dict:
        parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}

    offered = [tool("get_weather", "Current weather of a city"), tool("get_time", "Local time of a city")]
    asked = user("What is the weather in Berlin, and the time in Tokyo?")
    first = client.chat.completions.create(model="support-chat", messages=asked, tools=offered)
    message = first.choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": f"result {at}"}
        for at, call in enumerate(message.tool_calls or [])
    ]
    second = client.chat.completions.create(model="support-chat", messages=[*asked, message, *results], tools=offered)
    return {
        "finish": first.choices[0].finish_reason,
        "calls": [[call.function.name, sorted(json.loads(call.function.arguments))] for call in message.tool_calls or []],
        "answer": second.choices[0].message.content,
    }


def schema() -> dict:
    class Invoice(BaseModel):
        number: str
        total: float

    answer = client.chat.completions.parse(
        model="extraction", messages=user("Invoice 2024-117, total 118.50"), response_format=Invoice
    )
    parsed = answer.choices[0].message.parsed
    return {"is_invoice": isinstance(parsed, Invoice)}


def models() -> list:
    return sorted(model.id for model in client.models.list())


def error_of(call) -> dict:
    try:
        call()
    except openai.APIStatusError as error:
        return {
            "class": type(error).__name__,
            "status": error.status_code,
            "code": error.code,
            "param": error.param,
            "type": error.type,
            "request_id": error.request_id,
            "message": error.message,
            "retry_after": error.response.headers.get("retry-after"),
        }
    return {"class": None}


def ask(with_client: openai.OpenAI, **fields: object):
    return lambda: with_client.chat.completions.create(**{"model": "support-chat", "messages": user("Hi"), **fields})


def errors() -> dict:
    limited = client_with(LIMITED_KEY)
    for _ in range(2):
        ask(limited)()
    return {
        "unauthenticated": error_of(ask(client_with("pm_nobody"))),
        "unknown_model": error_of(ask(client, model="suport-chat")),
        "bad_request": error_of(ask(client, temperature=9)),
        "rate_limited": error_of(ask(limited)),
    }


def inject(fault: dict) -> None:
    client._client.post(f"{SIMULATOR}/_simulator/faults", json=fault).raise_for_status()


def clear() -> None:
    client._client.delete(f"{SIMULATOR}/_simulator/faults").raise_for_status()


def exhausted() -> dict:
    """An SDK that would retry is told not to: the ladder has tried everything."""
    eager = client_with(KEY, max_retries=2, default_headers={"x-request-id": "python-retries"})
    inject({"fault": {"status": 503}})
    try:
        return error_of(ask(eager, model="bare-chat"))
    finally:
        clear()


def broken_stream() -> dict:
    inject({"fault": {"cut_after_tokens": 5}})
    text, finishes, raised = "", [], None
    try:
        for chunk in client.chat.completions.create(model="support-chat", messages=user("Hi"), stream=True):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finishes += [choice.finish_reason] if choice.finish_reason else []
    except openai.APIError as error:
        raised = type(error).__name__
    finally:
        clear()
    return {"had_text": text != "", "finishes": finishes, "raised": raised}


CHECKS = [plain, stream, tools, schema, models, errors, broken_stream, exhausted]
json.dump({check.__name__: check() for check in CHECKS}, sys.stdout)
