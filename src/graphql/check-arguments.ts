import {
  defaultFieldResolver,
  type GraphQLField,
  GraphQLID,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql';
import { type Issue, invalid } from '../domain/errors.ts';
import { isUuid } from '../domain/validation.ts';
import type { Context } from './context.ts';

/** Brings the ids in a value into their one form, and notes those that are none. */
type Normalize = (value: unknown, path: Issue['path'], issues: Issue[]) => unknown;

/** A list that a caller sends has at most so many items; what takes fewer says so itself. */
const maxListItems = 1_000;

/**
 * Makes every field refuse lists that are too long, and ids that are no UUIDs, before anything is done with them: GraphQL's own `ID` takes any text.
 * `VALIDATION_ERROR` names all of them. Letters may be capitals; beyond this point they aren't.
 */
export function checkArguments(schema: GraphQLSchema): void {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  for (const field of types.flatMap((type) => Object.values(type.getFields()))) {
    checkField(field);
  }
}

function checkField(field: GraphQLField<unknown, Context, Record<string, unknown>>): void {
  const checks = field.args.flatMap(({ name, type }) => {
    const normalize = normalizerOf(type);
    return normalize === null ? [] : [{ name, normalize }];
  });
  if (checks.length === 0) {
    return;
  }
  const checked = (args: Record<string, unknown>): Record<string, unknown> => {
    const issues: Issue[] = [];
    const normalized = checks
      .filter(({ name }) => name in args)
      .map(({ name, normalize }) => [name, normalize(args[name], [name], issues)]);
    if (issues.length > 0) {
      throw invalid(issues);
    }
    return { ...args, ...Object.fromEntries(normalized) };
  };
  const { resolve = defaultFieldResolver, subscribe } = field;
  field.resolve = (source, args, context, info) => resolve(source, checked(args), context, info);
  if (subscribe !== undefined) {
    field.subscribe = (source, args, context, info) => subscribe(source, checked(args), context, info);
  }
}

/** What to do with values of a type; null when there are no ids in them. */
function normalizerOf(type: GraphQLInputType): Normalize | null {
  const inner = getNullableType(type);
  const normalize = isListType(inner)
    ? normalizerOfList(inner.ofType)
    : isInputObjectType(inner)
      ? normalizerOfObject(Object.values(inner.getFields()))
      : inner === GraphQLID
        ? normalizeId
        : null;
  return (
    normalize &&
    ((value, path, issues) => (value === null || value === undefined ? value : normalize(value, path, issues)))
  );
}

function normalizerOfList(type: GraphQLInputType): Normalize {
  const normalize = normalizerOf(type) ?? ((value: unknown) => value);
  return (value, path, issues) => {
    const items = value as unknown[]; // coerced already
    if (items.length > maxListItems) {
      issues.push({ path, message: `must have at most ${maxListItems} items`, code: 'too_big' });
      return items;
    }
    return items.map((item, index) => normalize(item, [...path, index], issues));
  };
}

function normalizerOfObject(fields: readonly { name: string; type: GraphQLInputType }[]): Normalize | null {
  const checks = fields.flatMap(({ name, type }) => {
    const normalize = normalizerOf(type);
    return normalize === null ? [] : [{ name, normalize }];
  });
  if (checks.length === 0) {
    return null;
  }
  return (value, path, issues) => {
    const object = value as Record<string, unknown>; // coerced already
    const given = checks.filter(({ name }) => name in object);
    const normalized = given.map(({ name, normalize }) => [name, normalize(object[name], [...path, name], issues)]);
    return { ...object, ...Object.fromEntries(normalized) };
  };
}

function normalizeId(value: unknown, path: Issue['path'], issues: Issue[]): unknown {
  const text = String(value);
  if (!isUuid(text)) {
    issues.push({ path, message: 'must be a UUID', code: 'invalid_id' });
  }
  return text.toLowerCase();
}
