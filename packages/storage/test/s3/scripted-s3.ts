import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { onTestFinished } from 'vitest';
import { s3ObjectStore } from '../../src/s3/index.ts';
import type { S3ObjectStoreOptions } from '../../src/s3/index.ts';

/** A request as the server saw it. */
export interface SeenRequest {
  /** 'PUT', or with what it asks for: 'POST ?uploads', 'PUT ?partNumber'. */
  readonly kind: string;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams;
}

/** What a script makes of a request instead of the honest answer. */
export type Twist =
  /** An error, and nothing is done. */
  | { readonly status: number; readonly code: string }
  /** It is not done, and the connection is cut. */
  | 'cut'
  /** It is done, and the connection is cut instead of an answer. */
  | 'lost-answer'
  /** It is done, and the answer has no ETag. */
  | 'no-etag'
  /** Other headers in the answer. */
  | { readonly headers: Record<string, string> }
  /** It is done with a part of the body. */
  | { readonly keepBytes: number };

interface Stored {
  readonly body: Buffer;
  readonly meta: Record<string, string>;
  readonly lock: string | undefined;
  readonly at?: Date;
}

/** An upload in parts. */
interface Upload {
  readonly key: string;
  readonly meta: Record<string, string>;
  readonly lock: string | undefined;
  readonly parts: Map<number, Buffer>;
  begunAt: Date;
  partAt: Date;
}

const XML = '<?xml version="1.0" encoding="UTF-8"?>';

function etagOf(body: Uint8Array): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/**
 * An S3 server in memory that does what a test's script says: for what no server at hand does. It knows no listing of
 * objects and no ranges, and looks at no signature.
 */
export class ScriptedS3 {
  /** A server that is closed with the test, and a way to open stores on it. */
  static async start() {
    const server = new ScriptedS3();
    const endpoint = await server.listen();
    onTestFinished(() => server.close());
    process.env['HOLDFAST_TEST_S3_SECRET'] = 'testing';
    const store = (options: Partial<S3ObjectStoreOptions> = {}): ObjectStore =>
      s3ObjectStore({
        bucket: 'scripted',
        endpoint,
        credentials: {
          accessKeyId: 'test',
          secretAccessKey: secret('env:HOLDFAST_TEST_S3_SECRET'),
        },
        partBytes: 5 * 1024 * 1024,
        ...options,
      });
    return { server, endpoint, store };
  }

  readonly seen: SeenRequest[] = [];
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();
  /** Is asked about every request, and waited for. Requests that try the server out are its own affair. */
  script: (request: SeenRequest) => Twist | undefined | Promise<Twist | undefined> = () =>
    undefined;
  /** Is asked about requests that try the server out. */
  probed: (request: SeenRequest) => Twist | undefined = () => undefined;
  /** Whether it honours If-None-Match; false: it does not look at it. */
  conditional = true;
  /** Whether it honours Object Lock; false: it does not look at it. */
  locks = true;
  readonly #server: Server;
  readonly #probes = new Map<string, Stored>();
  #ids = 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The kinds of the requests about a key, in order. */
  kinds(key: string): string[] {
    return this.seen.filter((request) => request.key === key).map(({ kind }) => kind);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://host');
    const [, , ...parts] = url.pathname.split('/');
    const asked = ['uploads', 'partNumber', 'uploadId'].find((name) => url.searchParams.has(name));
    const kind = `${request.method}${asked === undefined ? '' : ` ?${asked}`}`;
    const key = decodeURIComponent(parts.join('/'));
    const seen = { kind, key, headers: request.headers, query: url.searchParams };
    const isProbe = key.endsWith('.holdfast-probe');
    if (!isProbe) this.seen.push(seen);
    const twist = isProbe ? this.probed(seen) : await this.script(seen);
    if (twist === 'cut') {
      response.destroy();
      return;
    }
    const body = await buffer(request).catch(() => Buffer.alloc(0));
    if (typeof twist === 'object' && 'status' in twist) {
      this.#error(request, response, twist.status, twist.code);
      return;
    }
    const kept =
      typeof twist === 'object' && 'keepBytes' in twist ? body.subarray(0, twist.keepBytes) : body;
    if (typeof twist === 'object' && 'headers' in twist) {
      for (const [name, value] of Object.entries(twist.headers)) response.setHeader(name, value);
    }
    if (twist === 'no-etag') {
      const set = response.setHeader.bind(response);
      response.setHeader = (name, value) => (name === 'etag' ? response : set(name, value));
    }
    if (twist === 'lost-answer') response.end = () => response.destroy();
    this.#handle(seen, kept, request, response);
  }

  #handle(
    seen: SeenRequest,
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { kind, key, query, headers } = seen;
    const id = query.get('uploadId') ?? '';
    if (kind === 'HEAD' && key === '') response.end();
    else if (kind === 'PUT') this.#put(seen, body, request, response);
    else if (kind === 'HEAD' || kind === 'GET') this.#get(key, request, response);
    else if (kind === 'DELETE') {
      this.objects.delete(key);
      response.writeHead(204).end();
    } else if (kind === 'POST ?uploads') this.#begin(key, headers, response);
    else if (kind === 'GET ?uploads') this.#list(query, response);
    else if (!this.uploads.has(id)) this.#error(request, response, 404, 'NoSuchUpload');
    else if (kind === 'PUT ?partNumber') this.#part(seen, body, response);
    else if (kind === 'POST ?uploadId') this.#complete(seen, request, response);
    else if (kind === 'DELETE ?uploadId') {
      this.uploads.delete(id);
      response.writeHead(204).end();
    } else this.#listParts(query, response);
  }

  #place(key: string): Map<string, Stored> {
    return key.endsWith('.holdfast-probe') ? this.#probes : this.objects;
  }

  #isTaken({ key, headers }: SeenRequest): boolean {
    return this.conditional && headers['if-none-match'] === '*' && this.#place(key).has(key);
  }

  /** What a copy has for a body, or the body itself. */
  #source({ headers }: SeenRequest, body: Buffer): Buffer {
    const source = headers['x-amz-copy-source'];
    if (typeof source !== 'string') return body;
    const [, ...parts] = source.split('/');
    const [from, to] =
      /\d+-\d+/.exec(String(headers['x-amz-copy-source-range']))?.[0].split('-') ?? [];
    const copied = this.objects.get(decodeURIComponent(parts.join('/')))!.body;
    return from === undefined ? copied : copied.subarray(Number(from), Number(to) + 1);
  }

  #put(seen: SeenRequest, body: Buffer, request: IncomingMessage, response: ServerResponse): void {
    if (this.#isTaken(seen)) return this.#error(request, response, 412, 'PreconditionFailed');
    this.#place(seen.key).set(seen.key, {
      at: new Date(),
      body: this.#source(seen, body),
      ...this.#told(seen.headers),
    });
    response.setHeader('etag', etagOf(body));
    response.end(`${XML}<CopyObjectResult><ETag>${etagOf(body)}</ETag></CopyObjectResult>`);
  }

  #begin(key: string, headers: IncomingHttpHeaders, response: ServerResponse): void {
    const id = `upload-${++this.#ids}`;
    const now = new Date();
    const upload = { key, ...this.#told(headers), parts: new Map(), begunAt: now, partAt: now };
    this.uploads.set(id, upload);
    const answer = `<UploadId>${id}</UploadId>`;
    response.end(`${XML}<InitiateMultipartUploadResult>${answer}</InitiateMultipartUploadResult>`);
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const marker = query.get('upload-id-marker') ?? '';
    const rest = [...this.uploads]
      .filter(([id]) => id > marker)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    // One a page.
    const [[id, upload] = []] = rest;
    const found =
      id === undefined || upload === undefined
        ? ''
        : `<Upload><Key>${upload.key}</Key><UploadId>${id}</UploadId><Initiated>${upload.begunAt.toISOString()}</Initiated></Upload><NextKeyMarker>${upload.key}</NextKeyMarker><NextUploadIdMarker>${id}</NextUploadIdMarker>`;
    const more = `<IsTruncated>${rest.length > 1}</IsTruncated>`;
    response.end(`${XML}<ListMultipartUploadsResult>${more}${found}</ListMultipartUploadsResult>`);
  }

  #listParts(query: URLSearchParams, response: ServerResponse): void {
    const { parts, partAt } = this.uploads.get(query.get('uploadId') ?? '')!;
    const number = Number(query.get('part-number-marker') ?? 0) + 1;
    // One a page.
    const at = number === parts.size ? partAt : new Date(0);
    const found = parts.has(number)
      ? `<Part><PartNumber>${number}</PartNumber><LastModified>${at.toISOString()}</LastModified></Part><NextPartNumberMarker>${number}</NextPartNumberMarker>`
      : '';
    const more = `<IsTruncated>${parts.size > number}</IsTruncated>`;
    response.end(`${XML}<ListPartsResult>${more}${found}</ListPartsResult>`);
  }

  #part(seen: SeenRequest, body: Buffer, response: ServerResponse): void {
    const upload = this.uploads.get(seen.query.get('uploadId') ?? '');
    upload?.parts.set(Number(seen.query.get('partNumber')), this.#source(seen, body));
    response.setHeader('etag', etagOf(body));
    response.end(`${XML}<CopyPartResult><ETag>${etagOf(body)}</ETag></CopyPartResult>`);
  }

  #complete(seen: SeenRequest, request: IncomingMessage, response: ServerResponse): void {
    if (this.#isTaken(seen)) return this.#error(request, response, 412, 'PreconditionFailed');
    const id = seen.query.get('uploadId') ?? '';
    const { parts, meta, lock } = this.uploads.get(id)!;
    const numbers = [...parts.keys()].toSorted((a, b) => a - b);
    const body = Buffer.concat(numbers.map((number) => parts.get(number)!));
    this.#place(seen.key).set(seen.key, { body, meta, lock, at: new Date() });
    this.uploads.delete(id);
    const answer = `<ETag>${etagOf(body)}</ETag>`;
    response.end(`${XML}<CompleteMultipartUploadResult>${answer}</CompleteMultipartUploadResult>`);
  }

  #get(key: string, request: IncomingMessage, response: ServerResponse): void {
    const stored = this.objects.get(key);
    if (stored === undefined) return this.#error(request, response, 404, 'NoSuchKey');
    for (const [name, value] of Object.entries(stored.meta)) response.setHeader(name, value);
    if (stored.lock !== undefined)
      response.setHeader('x-amz-object-lock-retain-until-date', stored.lock);
    response.setHeader('last-modified', (stored.at ?? new Date(0)).toUTCString());
    if (!response.hasHeader('content-length'))
      response.setHeader('content-length', stored.body.byteLength);
    response.end(request.method === 'GET' ? stored.body : undefined);
  }

  #told(headers: IncomingHttpHeaders): { meta: Record<string, string>; lock: string | undefined } {
    const metas = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const lock = headers['x-amz-object-lock-retain-until-date'];
    return {
      meta: Object.fromEntries(metas.map(([name, value]) => [name, String(value)])),
      lock: this.locks && typeof lock === 'string' ? lock : undefined,
    };
  }

  #error(request: IncomingMessage, response: ServerResponse, status: number, code: string): void {
    response.writeHead(status);
    response.end(
      request.method === 'HEAD' ? undefined : `${XML}<Error><Code>${code}</Code></Error>`,
    );
  }
}
