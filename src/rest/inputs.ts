import {
  type DocumentNode,
  GraphQLID,
  type GraphQLInputType,
  GraphQLInt,
  type GraphQLSchema,
  isInputType,
  isRequiredArgument,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromAST,
  visit,
} from 'graphql';
import { restName } from './names.ts';
import type { Route } from './route.ts';

/** A variable of a route's operation, and where in the request its value stands. */
export interface Input {
  readonly variable: string;
  readonly type: GraphQLInputType;
  /** `whole` is the body itself; `header` is the revision that `If-Match` names. */
  readonly source: 'path' | 'query' | 'body' | 'whole' | 'header';
  /** The name of the path parameter, query parameter or body field. */
  readonly name: string;
  readonly required: boolean;
  readonly defaultValue: unknown;
  /** The arguments of the schema that the variable fills: errors of the domain speak of those. */
  readonly fills: ReadonlySet<string>;
  /** Fields of the variable that are taken from the path, with the parameter's name. */
  readonly bound: Readonly<Record<string, string>>;
}

/** The one operation of a stored document. */
export function operationOf(document: DocumentNode): OperationDefinitionNode {
  const found = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (found === undefined) {
    throw new Error('A stored document holds no operation');
  }
  return found;
}

/** Every variable of the route's operation with its place in the request. */
export function inputsOf(schema: GraphQLSchema, route: Route): readonly Input[] {
  const definitions = operationOf(route.document).variableDefinitions ?? [];
  const ofOperation = definitions.map(({ variable, type: node, defaultValue: literal }): Input => {
    const type = typeFromAST(schema, node as Parameters<typeof typeFromAST>[1]); // the overloads don't cover a TypeNode
    if (!isInputType(type)) {
      throw new Error(`${route.method} ${route.path}: $${variable.name.value} has no input type`);
    }
    const name = variable.name.value;
    const defaultValue = literal && valueFromAST(literal, type);
    const required = isRequiredArgument({ type, defaultValue } as Parameters<typeof isRequiredArgument>[0]); // reads these two only
    const fills = argumentsFilledBy(route.document, name);
    return { variable: name, type, required, defaultValue, fills, ...placeOf(route, name) };
  });
  return route.sliced
    ? [...ofOperation, queryInput('limit', GraphQLInt), queryInput('cursor', GraphQLID)]
    : ofOperation;
}

/** A query parameter that is no variable of the operation. */
function queryInput(name: string, type: GraphQLInputType): Input {
  return {
    variable: name,
    type,
    name,
    source: 'query',
    required: false,
    defaultValue: undefined,
    fills: new Set(),
    bound: {},
  };
}

/** The names of a path's parameters. */
export function pathParameters(path: string): readonly string[] {
  return path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []));
}

function placeOf(route: Route, variable: string): Pick<Input, 'source' | 'name' | 'bound'> {
  const parameters = pathParameters(route.path).map((name) => ({ name, target: route.bind[name] ?? name }));
  const parameter = parameters.find(({ target }) => target === variable);
  if (parameter !== undefined) {
    return { source: 'path', name: parameter.name, bound: {} };
  }
  if (variable === 'ifRevision') {
    return { source: 'header', name: 'If-Match', bound: {} };
  }
  if (route.method === 'GET') {
    return { source: 'query', name: restName(variable), bound: {} };
  }
  const own = parameters.filter(({ target }) => target.startsWith(`${variable}.`));
  const bound = Object.fromEntries(own.map(({ name, target }) => [target.slice(variable.length + 1), name]));
  return { source: variable === 'input' ? 'whole' : 'body', name: restName(variable), bound };
}

function argumentsFilledBy(document: DocumentNode, variable: string): ReadonlySet<string> {
  const names = new Set<string>();
  visit(document, {
    Argument: ({ name, value }) => {
      if (value.kind === Kind.VARIABLE && value.name.value === variable) {
        names.add(name.value);
      }
    },
  });
  return names;
}
