import { invalid, invalidField } from '../domain/errors.ts';
import { sharedJson } from '../rest/shared-json.ts';
import type { Given } from './run.ts';

/** What is given to a method as it would arrive over HTTP: copies of their own, in which nothing is but JSON. */
export function plainParts({ params, query, body }: Given): Given {
  const parts = { params, query, ...(body !== undefined && { body }) };
  return asJson(parts) as Given; // objects stay objects
}

/** The same for the variables of an operation. */
export function plainVariables(variables: unknown): Record<string, unknown> {
  if (typeof (variables ?? {}) !== 'object') {
    throw invalidField('variables', 'must be an object');
  }
  return asJson(variables ?? {}) as Record<string, unknown>; // an object stays one
}

function asJson(value: object): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (error) {
    const [reason] = error instanceof Error ? error.message.split('\n', 1) : [];
    throw invalid([{ path: [], message: `The input is no JSON: ${reason}`, code: 'invalid_json' }]);
  }
}

/** An answer that belongs to whoever asked: nobody else sees what they change of it. */
export function plainAnswer(value: unknown): unknown {
  return JSON.parse(String(sharedJson(value) ?? JSON.stringify(value)));
}
