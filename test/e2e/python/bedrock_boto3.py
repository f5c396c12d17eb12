"""boto3's Bedrock Runtime client, unmodified, against a running gateway: prints what it saw as JSON.

The expectations are in python-boto3.test.ts.
"""

import json
import os
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

URL = os.environ["POINTSMAN_URL"]
SIMULATOR = os.environ["SIMULATOR_URL"]
KEY = os.environ["POINTSMAN_KEY"]
ACCESS_KEY_ID = os.environ["ACCESS_KEY_ID"]
MODELS = os.environ["MODELS"].split(",")

QUESTION = [{"role": "user", "content": [{"text": "Where is my parcel?"}]}]
CITY = {"json": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
TOOLS = {
    "tools": [
        {"toolSpec": {"name": "get_weather", "description": "Current weather of a city", "inputSchema": CITY}},
        {"toolSpec": {"name": "get_time", "description": "Local time of a city", "inputSchema": CITY}},
    ]
}
TOOL_QUESTION = [{"role": "user", "content": [{"text": "What is the weather in Berlin, and the time in Tokyo?"}]}]


def client_with(secret: str):
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


client = client_with(KEY)


def text_of(content: list) -> str:
    return "".join(block.get("text", "") for block in content)


def ask(model: str) -> dict:
    whole = client.converse(modelId=model, messages=QUESTION)
    streamed, reason, usage = "", None, None
    for event in client.converse_stream(modelId=model, messages=QUESTION)["stream"]:
        streamed += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
        reason = event.get("messageStop", {}).get("stopReason", reason)
        usage = event.get("metadata", {}).get("usage", usage)
    text = text_of(whole["output"]["message"]["content"])
    return {
        "text": text,
        "same": streamed == text,
        "stop_reason": whole["stopReason"],
        "streamed_reason": reason,
        "usage": whole["usage"]["outputTokens"] > 0 and usage["outputTokens"] == whole["usage"]["outputTokens"],
        "request_id": whole["ResponseMetadata"]["RequestId"],
    }


def tools(model: str) -> dict:
    first = client.converse(modelId=model, messages=TOOL_QUESTION, toolConfig=TOOLS)
    message = first["output"]["message"]
    calls = [block["toolUse"] for block in message["content"] if "toolUse" in block]
    results = [
        {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": f"result {at}"}]}}
        for at, call in enumerate(calls)
    ]
    second = client.converse(
        modelId=model,
        toolConfig=TOOLS,
        messages=[*TOOL_QUESTION, message, {"role": "user", "content": results}],
    )
    return {
        "reason": first["stopReason"],
        "calls": [[call["name"], sorted(call["input"])] for call in calls],
        "answer": text_of(second["output"]["message"]["content"]),
    }


def invoke(model: str) -> dict:
    body = json.dumps(
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 400,
            "messages": [{"role": "user", "content": "Where is my parcel?"}],
        }
    )
    whole = json.loads(client.invoke_model(modelId=model, body=body)["body"].read())
    text = ""
    for event in client.invoke_model_with_response_stream(modelId=model, body=body)["body"]:
        part = json.loads(event["chunk"]["bytes"])
        text += part.get("delta", {}).get("text", "")
    return {"text": whole["content"][0]["text"], "same": text == whole["content"][0]["text"]}


def image(model: str) -> str:
    content = [{"text": "What is this?"}, {"image": {"format": "png", "source": {"bytes": b"\x01\x02"}}}]
    answer = client.converse(modelId=model, messages=[{"role": "user", "content": content}])
    return text_of(answer["output"]["message"]["content"])


def error_of(call) -> dict:
    try:
        call()
    except ClientError as error:
        return {
            "class": type(error).__name__,
            "code": error.response["Error"]["Code"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    return {"class": None}


def simulator(method: str, path: str, body: dict | None = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{SIMULATOR}{path}", data=data, method=method, headers=headers)
    urllib.request.urlopen(request).read()


def errors() -> dict:
    seen = {
        "wrong_secret": error_of(lambda: client_with("nobody").converse(modelId=MODELS[0], messages=QUESTION)),
        "unknown_model": error_of(lambda: client.converse(modelId="nobody", messages=QUESTION)),
        "bad_request": error_of(
            lambda: client.converse(modelId=MODELS[0], messages=QUESTION, inferenceConfig={"temperature": 9})
        ),
    }
    simulator("POST", "/_simulator/faults", {"fault": {"throttle": "9s"}})
    try:
        seen["throttled"] = error_of(lambda: client.converse(modelId=MODELS[0], messages=QUESTION))
    finally:
        simulator("DELETE", "/_simulator/faults")
    return seen


def broken_stream(model: str) -> dict:
    simulator("POST", "/_simulator/faults", {"fault": {"error_in_stream_after_tokens": 4}})
    text, ended, raised = "", False, None
    try:
        for event in client.converse_stream(modelId=model, messages=QUESTION)["stream"]:
            text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
            ended = ended or "messageStop" in event
    except EventStreamError as error:
        raised = error.response["Error"]["Code"].endswith("xception")
    finally:
        simulator("DELETE", "/_simulator/faults")
    return {"had_text": text != "", "ended": ended, "raised": raised}


json.dump(
    {
        "answers": {model: ask(model) for model in MODELS},
        "tools": {model: tools(model) for model in MODELS},
        "invoked": {model: invoke(model) for model in MODELS},
        "image": image(MODELS[0]),
        "broken": {model: broken_stream(model) for model in MODELS},
        # Last: a throttled deployment is left alone for a while.
        "errors": errors(),
    },
    sys.stdout,
)
