"""boto3 against `npm start`: pip install boto3 && python examples/bedrock_boto3.py"""

import os

import boto3
from botocore.config import Config

client = boto3.client(
    "bedrock-runtime",
    endpoint_url=os.environ.get("POINTSMAN_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8080')}"),
    region_name="us-east-1",
    aws_access_key_id="POINTSMANDEMO",
    aws_secret_access_key=os.environ.get("POINTSMAN_DEMO_KEY", "pm_demo_0000000000000000"),
    # The gateway's ladder has already tried all it may.
    config=Config(retries={"total_max_attempts": 1}),
)
question = [{"role": "user", "content": [{"text": "Where is my parcel?"}]}]

answer = client.converse(modelId="support-chat", messages=question)
print(answer["output"]["message"]["content"][0]["text"], answer["stopReason"], "\n")

for event in client.converse_stream(modelId="support-chat", messages=question)["stream"]:
    print(event.get("contentBlockDelta", {}).get("delta", {}).get("text", ""), end="", flush=True)
print()
