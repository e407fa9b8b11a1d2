import { z } from 'zod';
import { type Issue, invalid } from './errors.ts';

/** Text that PostgreSQL and every JSON reader keep as it is: no NUL, no half of a surrogate pair. Lengths count code points. */
export function text(minimum: number, maximum: number): z.ZodType<string> {
  return z.string().superRefine((value, context) => {
    const length = value.isWellFormed() ? [...value].length : value.length;
    if (!value.isWellFormed() || value.includes('\0')) {
      context.addIssue({
        code: 'custom',
        message: 'must not contain NUL characters or lone surrogates',
        params: { code: 'invalid_text' },
      });
    } else if (length < minimum) {
      context.addIssue({
        code: 'custom',
        message: `must have at least ${minimum} ${plural(minimum, 'character')}`,
        params: { code: 'too_small' },
      });
    } else if (length > maximum) {
      context.addIssue({
        code: 'custom',
        message: `must have at most ${maximum} characters`,
        params: { code: 'too_big' },
      });
    }
  });
}

const uuidForm = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether text has the form of a UUID, in capitals or not. */
export function isUuid(value: string): boolean {
  return uuidForm.test(value);
}

export const uuid: z.ZodType<string> = z
  .string()
  .regex(uuidForm, 'must be a UUID')
  .transform((value) => value.toLowerCase());

const maxJsonBytes = 65_536;
const maxJsonDepth = 128;

/** Any JSON value of 64 KiB at most that is read back exactly as it was written. */
export const json: z.ZodType<unknown> = z.unknown().superRefine((value, context) => {
  const fault = value === undefined ? 'is required (null is a value)' : jsonFault(value);
  if (fault !== null) {
    context.addIssue({
      code: 'custom',
      message: fault,
      params: { code: value === undefined ? 'required' : 'invalid_json' },
    });
  }
});

/** A JSON object under the rules of {@link json}. */
export const jsonObject: z.ZodType<Record<string, unknown>, unknown> = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'must be an object',
  )
  .superRefine((value, context) => {
    const fault = jsonFault(value);
    if (fault !== null) {
      context.addIssue({ code: 'custom', message: fault, params: { code: 'invalid_json' } });
    }
  });

/** The value checked against `schema`; `VALIDATION_ERROR` with every issue otherwise, under `path`. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, path: Issue['path'] = []): T {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  throw invalid(
    result.error.issues.map((issue) => ({
      path: [...path, ...issue.path.filter((part) => typeof part !== 'symbol')],
      message: issue.message,
      code: issue.code === 'custom' ? String(issue.params?.['code'] ?? 'invalid') : issue.code,
    })),
  );
}

/**
 * A checked JSON value for a `jsonb` column of hand-written SQL; null (no JSON) for undefined. Prisma's own way of writing JSON
 * rounds numbers that stand alone and drops keys named `__proto__`.
 */
export function jsonText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function jsonFault(value: unknown): string | null {
  const fault = walkFault(value, 0);
  if (fault !== null) {
    return fault;
  }
  return Buffer.byteLength(JSON.stringify(value)) > maxJsonBytes ? 'must have at most 64 KiB as JSON' : null;
}

/** What would not survive: PostgreSQL refuses NUL and half surrogates, JSON readers round integers beyond 2^53. */
function walkFault(value: unknown, depth: number): string | null {
  if (depth > maxJsonDepth) {
    return `must be nested at most ${maxJsonDepth} levels deep`;
  }
  if (typeof value === 'string') {
    return value.isWellFormed() && !value.includes('\0') ? null : 'must not contain NUL characters or lone surrogates';
  }
  if (typeof value === 'number') {
    return numberFault(value);
  }
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    return Object.entries(value).reduce<string | null>(
      (fault, [key, inner]) => fault ?? walkFault(key, depth + 1) ?? walkFault(inner, depth + 1),
      null,
    );
  }
  return typeof value === 'boolean' || value === null ? null : 'must be JSON';
}

/** Whether it is a list or a record, of whatever realm: a Date or a Map would be read back as something else. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function numberFault(value: number): string | null {
  if (!Number.isFinite(value)) {
    return 'must not contain numbers that JSON can not express';
  }
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < writtenWithExponent;
  return isRounded ? 'must not contain integers beyond 2^53: send them as text' : null;
}

/** From here on nobody writes out an integer: `1e308` means what it says. */
const writtenWithExponent = 1e21;

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

/** How long, in seconds, what is replaced goes on beside what replaces it. */
export function overlapUpTo(maxSeconds: number) {
  const range = `must be 0 to ${maxSeconds}`;
  return z.number().int().min(0, range).max(maxSeconds, range);
}
