import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { invalid, invalidField } from '../domain/errors.ts';
import type { Context } from '../graphql/context.ts';

/** What makes a repeated POST recognisable. */
export interface Idempotency {
  readonly key: string;
  /** SHA-256 of method, URL and body. */
  readonly fingerprint: string;
}

/** An answer as it is kept for repetitions. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Where answers are kept. The key itself is claimed by the write, in the transaction of its change. */
export interface AnswerStore {
  /** The answer to an earlier request with the same key; throws when the key stands for a different one. */
  find(call: Context['call']): Promise<Answer | null>;
  keep(call: Context['call'], answer: Answer): Promise<void>;
}

const maxKeyLength = 255;

/** The `Idempotency-Key` of a POST, with what it is to stand for. */
export function idempotencyOf({ method, url, headers, body }: FastifyRequest): Idempotency | undefined {
  const key = headers['idempotency-key'];
  if (method !== 'POST' || key === undefined) {
    return undefined;
  }
  if (typeof key !== 'string' || key.length === 0 || key.length > maxKeyLength) {
    throw invalidField('Idempotency-Key', `must have 1 to ${maxKeyLength} characters`);
  }
  const fingerprint = createHash('sha256')
    .update(textOf([method, url, body ?? null]))
    .digest('hex');
  return { key, fingerprint };
}

/** JSON can be read however deep it is, but not written again. */
function textOf(request: unknown): string {
  try {
    return JSON.stringify(request);
  } catch {
    throw invalid([{ path: [], message: 'The body is nested too deeply', code: 'invalid_json' }]);
  }
}
