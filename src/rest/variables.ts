import {
  coerceInputValue,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { type Issue, invalid } from '../domain/errors.ts';
import type { Input } from './inputs.ts';
import { restName } from './names.ts';

/** What a route reads of a request. Over HTTP, what stands in the path and the query is text; within a program it may have its type. */
export interface RequestParts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

type Path = Issue['path'];

/** Longer lists of misfits help nobody. */
const maxIssues = 100;

/** The variables of an operation, read from a request. `VALIDATION_ERROR` with every misfit, under the names of REST. */
export function readVariables(inputs: readonly Input[], given: RequestParts): Record<string, unknown> {
  const issues: Issue[] = [];
  const variables: Record<string, unknown> = {};
  const fromBody = inputs.filter(({ source }) => source === 'body' || source === 'whole');
  const mayLackBody = fromBody.every(({ required }) => !required);
  const request = given.body === undefined && mayLackBody ? { ...given, body: {} } : given;
  if (fromBody.length > 0 && !isObject(request.body)) {
    throw invalid([{ path: [], message: 'The body must be a JSON object', code: 'invalid_type' }]);
  }
  for (const input of inputs) {
    const value = readInput(input, request, issues);
    if (value !== undefined) {
      variables[input.variable] = value;
    }
  }
  if (issues.length > 0) {
    throw invalid(issues.slice(0, maxIssues));
  }
  return variables;
}

function readInput(input: Input, { params, query, body }: RequestParts, issues: Issue[]): unknown {
  switch (input.source) {
    case 'header':
      return undefined;
    case 'path':
      return convertText(params[input.name], input, issues);
    case 'query':
      return convertText(own(query, input.name), input, issues);
    case 'body':
      return convertGiven(own(body, input.name), input, [input.name], issues);
    case 'whole':
      return convert(withBound(body, input, params), input.type, [], issues);
  }
}

/** A body together with the fields that stand in the path; those win. */
function withBound(body: unknown, { bound }: Input, params: RequestParts['params']): unknown {
  const entries = Object.entries(bound);
  return entries.length === 0
    ? body
    : {
        ...(body as object),
        ...Object.fromEntries(entries.map(([field, parameter]) => [restName(field), params[parameter]])),
      };
}

function convertText(text: unknown, input: Input, issues: Issue[]): unknown {
  const value = typeof text === 'string' || Array.isArray(text) ? fromText(text, input.type) : text;
  return convertGiven(value, input, [input.name], issues);
}

function convertGiven(value: unknown, { required, type }: Input, path: Path, issues: Issue[]): unknown {
  if (value !== undefined) {
    return convert(value, type, path, issues);
  }
  if (required) {
    issues.push({ path, message: 'is required', code: 'required' });
  }
  return undefined;
}

/** Text of a path or query in the form JSON would have it; what doesn't fit is left for the coercion to refuse. */
function fromText(text: string | unknown[], type: GraphQLInputType): unknown {
  const inner = isNonNullType(type) ? type.ofType : type;
  if (isListType(inner)) {
    const items = Array.isArray(text) ? text : text.split(',');
    return items.map((item) => (typeof item === 'string' ? fromText(item, inner.ofType) : item));
  }
  if (Array.isArray(text)) {
    return text;
  }
  switch (getNamedType(inner).name) {
    case 'Int':
    case 'Float':
    case 'Revision':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'Boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    default:
      return text;
  }
}

/** Renames the fields of input objects, and lets GraphQL judge every leaf. */
function convert(value: unknown, type: GraphQLInputType, path: Path, issues: Issue[]): unknown {
  if (isNonNullType(type)) {
    return value === null ? misfit(issues, path, 'must not be null') : convert(value, type.ofType, path, issues);
  }
  if (value === null) {
    return null;
  }
  if (isListType(type)) {
    const { ofType } = type;
    return Array.isArray(value)
      ? value.map((item, index) => convert(item, ofType, [...path, index], issues))
      : misfit(issues, path, 'must be an array');
  }
  if (isInputObjectType(type)) {
    return isObject(value) ? convertObject(value, type, path, issues) : misfit(issues, path, 'must be an object');
  }
  coerceInputValue(value, type, (_path, _value, { message }) => misfit(issues, path, message));
  return value;
}

function convertObject(value: object, type: GraphQLInputObjectType, path: Path, issues: Issue[]): object {
  const converted: Record<string, unknown> = {};
  for (const field of Object.values(type.getFields())) {
    const name = restName(field.name);
    const given = own(value, name);
    if (given !== undefined) {
      converted[field.name] = convert(given, field.type, [...path, name], issues);
    } else if (isRequiredInputField(field)) {
      issues.push({ path: [...path, name], message: 'is required', code: 'required' });
    }
  }
  return converted;
}

function misfit(issues: Issue[], path: Path, message: string): undefined {
  issues.push({ path, message, code: 'invalid_type' });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property of the object itself: a body that names `constructor` finds nothing by that. */
function own<T>(object: unknown, name: string): T | undefined {
  return Object.hasOwn(object as object, name) ? (object as Record<string, T>)[name] : undefined;
}
