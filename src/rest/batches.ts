import type { ErrorBody } from '../domain/errors.ts';
import type { CreateTenantsMutation, SetConfigsMutation } from '../operations/generated/graphql.ts';
import { errorReference, type JsonSchema, object } from './json-schema.ts';
import type { Present, Refusal } from './route.ts';

const text: JsonSchema = { type: 'string' };
const count: JsonSchema = { type: 'integer', minimum: 0 };

/** All tenants of a batch, or none of them. */
export const createdTenants = {
  of: ({ createTenants }: Present<CreateTenantsMutation>) => ({ created: createTenants, errors: [] }),
  schema: (at: (path: 'createTenants') => JsonSchema) =>
    object({ created: at('createTenants'), errors: { type: 'array', maxItems: 0 } }),
};

export const refusedTenants: Refusal = {
  of: (error, request) => ({
    error,
    created: [],
    errors: failures(error).map(({ index, message }) => ({
      index,
      slug: itemOf(request, 'tenants', index, 'slug'),
      error: message,
    })),
  }),
  schema: object({
    error: errorReference,
    created: { type: 'array', maxItems: 0 },
    errors: { type: 'array', items: object({ index: count, slug: { type: ['string', 'null'] }, error: text }) },
  }),
};

/** Every entry of a batch, or none of them. */
export const writtenEntries = {
  of: ({ setConfigs }: Present<SetConfigsMutation>) => ({
    results: setConfigs.map((entry) => ({ key: entry.key, status: 'ok', entry })),
    succeeded: setConfigs.length,
    failed: 0,
  }),
  schema: (at: (path: 'setConfigs') => JsonSchema) => {
    const { items: entry } = at('setConfigs');
    return object({
      results: { type: 'array', items: object({ key: text, status: { const: 'ok' }, entry: entry ?? {} }) },
      succeeded: count,
      failed: { const: 0 },
    });
  },
};

export const refusedEntries: Refusal = {
  of: (error, request) => {
    const failed = new Map(failures(error).map(({ index, message }) => [index, message]));
    const entries = (request as { entries?: unknown } | null)?.entries;
    if (failed.size === 0 || !Array.isArray(entries)) {
      return null;
    }
    const results = entries.map((_, index) => ({
      key: itemOf(request, 'entries', index, 'key'),
      status: 'error',
      error: failed.get(index) ?? 'Not written, since another entry was refused',
    }));
    return { results, succeeded: 0, failed: entries.length, rolled_back: true };
  },
  schema: object({
    results: {
      type: 'array',
      items: object({ key: { type: ['string', 'null'] }, status: { const: 'error' }, error: text }),
    },
    succeeded: { const: 0 },
    failed: count,
    rolled_back: { const: true },
  }),
};

/** Which items of a batch a refusal is about: one that a rule refused, or all that don't fit their type. */
function failures({ details, issues = [], message }: ErrorBody): { index: number; message: string }[] {
  const index = details?.['index'];
  const byIndex = Map.groupBy(issues, ({ path }) => path[1]);
  const misfits = [...byIndex].flatMap(([item, found]) => {
    const texts = found.map(({ path, message }) => `${path.slice(2).join('.')} ${message}`.trim());
    return typeof item === 'number' ? [{ index: item, message: texts.join('; ') }] : [];
  });
  return misfits.length > 0 || typeof index !== 'number' ? misfits : [{ index, message }];
}

/** What the caller named an item, as far as it is text. */
function itemOf(request: unknown, list: string, index: number, field: string): string | null {
  const name = (request as Record<string, Record<string, unknown>[]>)[list]?.[index]?.[field]; // only read, and checked below
  return typeof name === 'string' ? name : null;
}
