// A small HTTP service in front of Khulasa.
//
//   KHULASA_SERVER=localhost:50051 PORT=8080 node service.js
//
//   POST /summaries   {"text": ..., "max_sentences": 4}                  one summary
//   POST /archives    one such object a line (application/x-ndjson)      one summary or error a line, as each is ready
import http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Khulasa, detailsOf, entryError, grpc, retryDelayMs } from './khulasa.js';

const DEADLINE_MS = Number(process.env.DEADLINE_MS ?? 60_000);
const MAX_BODY_BYTES = 4 * 2 ** 20;
const HTTP_OF = {
  [grpc.status.INVALID_ARGUMENT]: 400,
  [grpc.status.FAILED_PRECONDITION]: 422,
  [grpc.status.UNAUTHENTICATED]: 401,
  [grpc.status.RESOURCE_EXHAUSTED]: 503,
  [grpc.status.UNAVAILABLE]: 503,
  [grpc.status.DEADLINE_EXCEEDED]: 504,
};

// Bytes that are not UTF-8 are refused: replaced in silence, they would be another text.
const UTF8 = new TextDecoder('utf-8', { fatal: true });

class BadRequest extends Error {}

const log = (fields) => console.error(JSON.stringify(fields));
const client = new Khulasa(process.env.KHULASA_SERVER ?? 'localhost:50051', { token: process.env.KHULASA_TOKEN, log });

function requestOf(bytes) {
  let given;
  try {
    given = JSON.parse(UTF8.decode(bytes));
  } catch {
    throw new BadRequest('not JSON in UTF-8');
  }
  const { id = '', text, title = '', max_sentences = 0, target_language = '' } = given ?? {};
  if (typeof text !== 'string') throw new BadRequest('text is missing');
  // protobuf.js makes a string of any object and 0, the default, of what is no whole number.
  if (typeof title !== 'string' || typeof target_language !== 'string') throw new BadRequest('title and target_language are strings');
  if ((max_sentences | 0) !== max_sentences) throw new BadRequest('max_sentences is no whole number');
  return {
    article: { article_id: String(id), text, title },
    options: { max_sentences, target_language_code: target_language },
  };
}

// Offsets of the API count code points; JavaScript's strings count UTF-16 units. Texts beyond the BMP (emoji) differ.
function shown({ summary, detected_language_code: language, translation_model: model }) {
  return {
    id: summary.article_id,
    language,
    model: `${model.name} ${model.version}`,
    title: summary.title?.target_text,
    sentences: summary.sentences.map((pair) => ({
      source: pair.source_text,
      target: pair.target_text,
      start: pair.source_span.start ?? 0,
      end: pair.source_span.end,
      flags: pair.flags,
    })),
  };
}

async function body(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BadRequest('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// Not node:readline, which loses lines that come before somebody iterates.
async function* linesOf(stream) {
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield rest.subarray(0, end);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > MAX_BODY_BYTES) throw new BadRequest('a line is too large');
  }
  yield rest;
}

async function summary(request, response) {
  const answer = await client.summarize(requestOf(await body(request)), DEADLINE_MS);
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(`${JSON.stringify(shown(answer))}\n`);
}

async function archive(request, response) {
  const refused = [];
  async function* articles() {
    let line = 0;
    for await (const bytes of linesOf(request)) {
      line += 1;
      if (bytes.every((byte) => byte <= 0x20)) continue;
      let article;
      try {
        article = requestOf(bytes);
      } catch ({ message }) {
        refused.push({ line, error: { code: 'INVALID_ARGUMENT', message } });
        continue;
      }
      yield article;
    }
  }
  async function* entries() {
    for await (const one of client.summarizeArchive(articles())) {
      yield* refused.splice(0);
      yield one.response ? shown(one.response) : { id: one.article_id, error: entryError(one.error) };
    }
    yield* refused;
  }
  async function* lines() {
    for await (const entry of entries()) yield `${JSON.stringify(entry)}\n`;
  }
  response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
  await pipeline(Readable.from(lines()), response);
}

function refuse(response, error) {
  const status = error instanceof BadRequest ? 400 : (HTTP_OF[error.code] ?? 502);
  // Headers are out already: the only way to say that the archive is not whole is to break it off.
  if (response.headersSent) return response.destroy(error);
  const details = error.code === undefined ? {} : detailsOf(error);
  const retry = retryDelayMs(details);
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  if (retry !== undefined) headers['retry-after'] = String(Math.ceil(retry / 1000));
  const violations = details['google.rpc.BadRequest']?.field_violations.map(({ field, description }) => ({ field, description }));
  const told = { error: grpc.status[error.code] ?? 'BAD_REQUEST', message: error.details ?? error.message, violations };
  return response.writeHead(status, headers).end(`${JSON.stringify(told)}\n`);
}

const routes = { 'POST /summaries': summary, 'POST /archives': archive };
const server = http.createServer((request, response) => {
  const route = routes[`${request.method} ${request.url}`];
  if (!route) return response.writeHead(404).end();
  return route(request, response).catch((error) => refuse(response, error));
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => log({ event: 'listening', port: server.address().port }));

for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => server.close(() => client.close()));
