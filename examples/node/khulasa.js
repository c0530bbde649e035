// Khulasa from Node.js: calls with deadlines, retries that keep to the server's RetryInfo, archives as one stream.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { getProtoPath } from 'google-proto-files';

const here = path.dirname(fileURLToPath(import.meta.url));
// The protos of this repository; google/rpc comes with google-proto-files.
const includeDirs = [process.env.KHULASA_PROTOS ?? path.join(here, '../../proto'), path.join(getProtoPath(), '..')];
const definition = protoLoader.loadSync(['khulasa/v1/summary.proto', 'google/rpc/error_details.proto'], {
  includeDirs,
  keepCase: true,
  enums: String,
  longs: Number,
  defaults: true,
  oneofs: true,
});
const { khulasa } = grpc.loadPackageDefinition(definition);

// Every method only reads, so a second try changes nothing.
const BUSY = grpc.status.RESOURCE_EXHAUSTED;
const GONE = grpc.status.UNAVAILABLE;
// For one call with all its tries; in an archive, from one answer to the next.
const DEADLINE_MS = 60_000;

/** What the server says beside code and message: google.rpc details, decoded, by their full names. */
export function detailsOf(error) {
  const [packed] = error.metadata?.get('grpc-status-details-bin') ?? [];
  return packed ? decoded(definition['google.rpc.Status'].deserialize(packed).details) : {};
}

function decoded(details) {
  const found = {};
  for (const { type_url: url, value } of details) {
    const name = url.slice(url.lastIndexOf('/') + 1);
    // Details of a newer server that these protos do not know are left out.
    if (definition[name]?.deserialize) found[name] = definition[name].deserialize(value);
  }
  return found;
}

/** Milliseconds after which the server wants to be asked again, undefined when it does not say. */
export function retryDelayMs(details) {
  const delay = details['google.rpc.RetryInfo']?.retry_delay;
  return delay ? delay.seconds * 1000 + Math.ceil(delay.nanos / 1e6) : undefined;
}

/** The pause before another try, undefined for none: never shorter than RetryInfo asks, spread lest all come at once. */
function pauseMs(error, attempt) {
  const asked = retryDelayMs(detailsOf(error));
  // RESOURCE_EXHAUSTED without RetryInfo is a message that is too large: it will be so again.
  const again = error.code === GONE || (error.code === BUSY && asked !== undefined);
  if (!again) return undefined;
  return (asked ?? 0) + Math.random() * Math.min(5_000, 100 * 2 ** attempt);
}

/** A connection. `log` is told of every retry. */
export class Khulasa {
  #stub;
  #metadata;
  #log;

  constructor(target, { token, credentials = grpc.credentials.createInsecure(), log = () => {} } = {}) {
    this.#stub = new khulasa.v1.SummaryService(target, credentials, {
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
      'grpc.max_receive_message_length': 256 * 2 ** 20,
      'grpc.enable_retries': 0,
    });
    this.#metadata = new grpc.Metadata();
    if (token) this.#metadata.set('authorization', `Bearer ${token}`);
    this.#log = log;
  }

  /** One article's aligned summary. Rejects with a grpc.ServiceError once there is no time or sense in another try. */
  async summarize(request, deadlineMs = DEADLINE_MS) {
    const deadline = Date.now() + deadlineMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await new Promise((resolve, reject) => {
          this.#stub.Summarize(request, this.#metadata, { deadline }, (error, answer) =>
            error ? reject(error) : resolve(answer),
          );
        });
      } catch (error) {
        await this.#wait(error, attempt, deadline);
      }
    }
  }

  /**
   * An archive of any length: requests in, one answer for each as soon as it is ready, of which `error` or `response`
   * is set. Holds no more than the server and HTTP/2 take in at a time. When a server goes away, what has no answer yet
   * is sent again.
   */
  async *summarizeArchive(requests) {
    const source = requests[Symbol.asyncIterator]?.() ?? requests[Symbol.iterator]();
    const unanswered = new Map();
    let coming;
    let read = 0;
    let attempt = 0;
    let patience = Date.now() + DEADLINE_MS;
    try {
      for (;;) {
        const call = this.#stub.SummarizeStream(this.#metadata);
        let ended = false;
        const write = (request) =>
          call.write({ request }) ? undefined : new Promise((resolve) => call.once('drain', resolve).once('close', resolve));
        const sending = (async () => {
          for (const request of [...unanswered.values()]) await write(request);
          for (;;) {
            // An article that is read while this call ends is the next call's first.
            coming ??= source.next();
            const { done, value } = await coming;
            if (ended) return;
            if (done) break;
            coming = undefined;
            // Answers are told apart by the article's id.
            read += 1;
            const request = { ...value, article: { ...value.article, article_id: value.article.article_id || `article-${read}` } };
            if (unanswered.has(request.article.article_id)) throw new Error(`two articles are ${request.article.article_id}`);
            unanswered.set(request.article.article_id, request);
            await write(request);
            if (ended) return;
          }
          call.end();
        })();
        sending.catch((error) => call.destroy(error));
        try {
          for await (const answer of call) {
            unanswered.delete(answer.article_id);
            yield answer;
            attempt = 0;
            patience = Date.now() + DEADLINE_MS;
          }
          await sending;
          if (unanswered.size > 0) throw Object.assign(new Error('the stream ended early'), { code: GONE });
          return;
        } catch (error) {
          ended = true;
          attempt += 1;
          await this.#wait(error, attempt, patience);
        } finally {
          ended = true;
          call.cancel();
        }
      }
    } finally {
      await source.return?.();
    }
  }

  async #wait(error, attempt, deadline) {
    const pause = pauseMs(error, attempt);
    // A pause that outlasts the deadline helps nobody.
    if (pause === undefined || Date.now() + pause >= deadline) throw error;
    this.#log({ event: 'retry', code: grpc.status[error.code], attempt, pause_ms: Math.round(pause), asked_ms: retryDelayMs(detailsOf(error)) });
    await sleep(pause);
  }

  close() {
    this.#stub.close();
  }
}

/** An error entry of an archive as JSON. */
export function entryError({ code, message, details }) {
  const found = decoded(details);
  return { code: grpc.status[code], reason: found['google.rpc.ErrorInfo']?.reason, message, retry_after_ms: retryDelayMs(found) };
}

export { grpc };
