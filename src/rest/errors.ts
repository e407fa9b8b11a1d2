import { type GraphQLInputType, getNullableType, isInputObjectType, isListType } from 'graphql';
import { type ErrorCode, type Issue, StratumError } from '../domain/errors.ts';
import { maskError } from '../graphql/errors.ts';
import type { Input } from './inputs.ts';
import { restName } from './names.ts';

/** What an execution failed with, as REST prints it: the schema's code and text, fields under the names of REST. */
export function restError(error: unknown, inputs: readonly Input[]): StratumError {
  const { message, extensions } = maskError(error);
  // maskError lets nothing pass but codes, details and issues of the domain.
  const { code, details, issues } = extensions as {
    code: ErrorCode;
    details?: Record<string, unknown>;
    issues?: Issue[];
  };
  return new StratumError(code, message, {
    ...(details && { details: renamed(details) }),
    ...(issues && { issues: issues.map((issue) => ({ ...issue, path: restPath(issue.path, inputs) })) }),
    cause: error,
  });
}

/** Details are named by us, what they hold may be the caller's. */
function renamed(details: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).map(([name, value]) => [restName(name), value]));
}

/** A path through the schema's arguments and input types as a path through the request. Beyond them, names are the caller's. */
function restPath([argument, ...rest]: Issue['path'], inputs: readonly Input[]): Issue['path'] {
  const input = inputs.find(({ fills }) => fills.has(String(argument)));
  if (input === undefined) {
    return argument === undefined ? [] : [argument, ...rest];
  }
  return input.source === 'whole' ? fieldPath(rest, input) : [input.name, ...renamedPath(rest, input.type)];
}

/** A field of the body, unless it was taken from the path. */
function fieldPath(path: Issue['path'], { bound, type }: Input): Issue['path'] {
  const parameter = bound[String(path[0])];
  return parameter === undefined ? renamedPath(path, type) : [parameter, ...path.slice(1)];
}

function renamedPath([part, ...rest]: Issue['path'], type: GraphQLInputType): Issue['path'] {
  const inner = getNullableType(type);
  if (part === undefined) {
    return [];
  }
  if (isListType(inner)) {
    return [part, ...renamedPath(rest, inner.ofType)];
  }
  const field = isInputObjectType(inner) ? inner.getFields()[part] : undefined;
  return field === undefined ? [part, ...rest] : [restName(field.name), ...renamedPath(rest, field.type)];
}
