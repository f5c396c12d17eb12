/**
 * Questions to SQS: one function each, with a time limit and its failures as `StoreError`s. Owns the client, which is
 * loaded with the first question; knows nothing of jobs.
 */
import type {
  Message,
  SendMessageBatchRequestEntry,
  SendMessageBatchResult,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { Clock } from "../../core/clock.ts";
import { StoreError } from "../store-error.ts";
import { ATTRIBUTE } from "./envelope.ts";
import { isReceiptOver, sqsFailure } from "./failure.ts";

/** What SQS takes in one question. */
export const MAX_ENTRIES = 10;

const CONNECT_MS = 2_000;
/** Of one question with its retries; a long poll is well within. */
const ANSWER_MS = 10_000;
const TRIES = 3;

export interface CallOptions {
  /** Null: the environment's. */
  readonly region: string | null;
  readonly endpoint: string;
  readonly clock: Clock;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilitySeconds: number;
  readonly waitSeconds: number;
}

export interface SqsCalls {
  sendBatch(url: string, entries: SendMessageBatchRequestEntry[]): Promise<SendMessageBatchResult>;
  receive(url: string, options: ReceiveOptions): Promise<readonly Message[]>;
  /** False: SQS says that the receipt is over. So with the next. */
  remove(url: string, receipt: string): Promise<boolean>;
  hide(url: string, receipt: string, seconds: number): Promise<boolean>;
  /** Those that SQS would not remove stay, and come back when their visibility timeout is over. So with the next. */
  removeAll(url: string, receipts: readonly string[]): Promise<void>;
  showAll(url: string, receipts: readonly string[]): Promise<void>;
  attributes(url: string): Promise<Readonly<Record<string, string>>>;
  urlOf(queueUrl: string, name: string, account: string): Promise<string>;
  /** Waits for what is under way; afterwards everything is refused. */
  close(): Promise<void>;
}

type Sdk = typeof import("@aws-sdk/client-sqs");
type Question = (
  client: SQSClient,
  sdk: Sdk,
  options: { readonly abortSignal: AbortSignal },
) => Promise<unknown>;

export function createSqsCalls({ region, endpoint, clock }: CallOptions): SqsCalls {
  let loaded: Promise<{ readonly sdk: Sdk; readonly client: SQSClient }> | null = null;
  let closed = false;
  const underWay = new Set<Promise<unknown>>();

  const load = async () => {
    const sdk = await import("@aws-sdk/client-sqs");
    const client = new sdk.SQSClient({
      ...(region !== null && { region }),
      endpoint,
      // Said once more by the endpoint; the client would warn of a difference on standard error.
      useQueueUrlAsEndpoint: false,
      maxAttempts: TRIES,
      requestHandler: { connectionTimeout: CONNECT_MS },
    });
    return { sdk, client };
  };
  const run = async <T>(question: Question): Promise<T> => {
    if (closed) throw new StoreError("closed", "The queue is closed.");
    loaded ??= load();
    const { sdk, client } = await loaded;
    const given = new AbortController();
    const limit = clock.after(ANSWER_MS, () => given.abort());
    const answer = question(client, sdk, { abortSignal: given.signal }) as Promise<T>;
    try {
      // The client does not heed the signal while it looks for credentials.
      return await orAborted(answer, given.signal);
    } finally {
      limit.cancel();
    }
  };
  const ask = <T>(url: string, needs: string, question: Question): Promise<T> => {
    const answer = run<T>(question).catch((thrown: unknown) => {
      throw isReceiptOver(thrown) ? thrown : sqsFailure(thrown, url, needs);
    });
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const orOver = (answer: Promise<unknown>): Promise<boolean> =>
    answer.then(
      () => true,
      (thrown: unknown) => {
        if (isReceiptOver(thrown)) return false;
        throw thrown;
      },
    );

  return {
    sendBatch: (url, entries) =>
      ask(url, "sqs:SendMessage", (client, { SendMessageBatchCommand }, options) =>
        client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }), options),
      ),
    async receive(url, { max, visibilitySeconds, waitSeconds }) {
      const answer = await ask<{ readonly Messages?: Message[] }>(
        url,
        "sqs:ReceiveMessage",
        (client, { ReceiveMessageCommand }, options) => {
          const question = new ReceiveMessageCommand({
            QueueUrl: url,
            MaxNumberOfMessages: Math.min(MAX_ENTRIES, max),
            VisibilityTimeout: visibilitySeconds,
            WaitTimeSeconds: waitSeconds,
            MessageAttributeNames: [ATTRIBUTE],
            MessageSystemAttributeNames: ["ApproximateReceiveCount", "SentTimestamp"],
          });
          return client.send(question, options);
        },
      );
      return answer.Messages ?? [];
    },
    remove: (url, receipt) =>
      orOver(
        ask(url, "sqs:DeleteMessage", (client, { DeleteMessageCommand }, options) =>
          client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: receipt }), options),
        ),
      ),
    hide: (url, receipt, seconds) =>
      orOver(
        ask(url, "sqs:ChangeMessageVisibility", (client, { ChangeMessageVisibilityCommand }, options) => {
          const input = { QueueUrl: url, ReceiptHandle: receipt, VisibilityTimeout: seconds };
          return client.send(new ChangeMessageVisibilityCommand(input), options);
        }),
      ),
    async removeAll(url, receipts) {
      for (const some of inTens(receipts)) {
        const Entries = some.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
        await ask(url, "sqs:DeleteMessage", (client, { DeleteMessageBatchCommand }, options) =>
          client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }), options),
        );
      }
    },
    async showAll(url, receipts) {
      for (const some of inTens(receipts)) {
        const Entries = some.map((ReceiptHandle, i) => ({
          Id: String(i),
          ReceiptHandle,
          VisibilityTimeout: 0,
        }));
        await ask(
          url,
          "sqs:ChangeMessageVisibility",
          (client, { ChangeMessageVisibilityBatchCommand }, options) =>
            client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }), options),
        );
      }
    },
    async attributes(url) {
      const answer = await ask<{ readonly Attributes?: Record<string, string> }>(
        url,
        "sqs:GetQueueAttributes",
        (client, { GetQueueAttributesCommand }, options) =>
          client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["All"] }), options),
      );
      return answer.Attributes ?? {};
    },
    async urlOf(queueUrl, name, account) {
      const answer = await ask<{ readonly QueueUrl?: string }>(
        queueUrl,
        "sqs:GetQueueUrl on the dead-letter queue that its redrive policy names",
        (client, { GetQueueUrlCommand }, options) =>
          client.send(new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }), options),
      );
      return answer.QueueUrl ?? "";
    },
    async close() {
      closed = true;
      await Promise.allSettled([...underWay]);
      if (loaded) (await loaded).client.destroy();
    },
  };
}

function inTens<T>(all: readonly T[]): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / MAX_ENTRIES) }, (_, i) =>
    all.slice(i * MAX_ENTRIES, (i + 1) * MAX_ENTRIES),
  );
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new DOMException("Given up.", "AbortError"));
    signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}
