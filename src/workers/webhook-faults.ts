import { errors } from 'undici';
import { HostRefused } from '../domain/webhooks/lookup.ts';

/** What is wrong with an answer of this status; null for one that says the delivery was taken. */
export function statusFault(status: number | null): string | null {
  if (status !== null && status >= 200 && status < 300) {
    return null;
  }
  const isRedirect = status !== null && status >= 300 && status < 400;
  return isRedirect ? `redirects are not followed (HTTP ${status})` : `HTTP ${status}`;
}

const cutShort = 'the connection was closed before the answer was complete';
const unreachable = 'the host can not be reached';

/** By the code of the error; kept with deliveries and read by people, so they don't change with a library. */
const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: cutShort,
  EPIPE: cutShort,
  UND_ERR_SOCKET: cutShort,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: cutShort,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  ETIMEDOUT: unreachable,
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too long',
};

/** Why there is no answer, in a short sentence. */
export function requestFault(error: unknown): string {
  if (error instanceof HostRefused) {
    return error.message;
  }
  if (error instanceof errors.HTTPParserError) {
    return 'the answer is not HTTP';
  }
  const code = codeOf(error);
  return sentences[code] ?? (isOfTls(code) ? `no secure connection (${code})` : `the request failed (${code})`);
}

/** Whether the connection ended under the request: of one that was kept, that may have been before it was sent. */
export function wasCut(error: unknown): boolean {
  return sentences[codeOf(error)] === cutShort;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown';
  }
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Node names faults of certificates as OpenSSL does, and others of TLS with a prefix of its own. */
function isOfTls(code: string): boolean {
  return /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)|CERT|SIGNATURE|ISSUER/.test(code);
}
