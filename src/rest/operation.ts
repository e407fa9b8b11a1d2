import { execute, type GraphQLSchema, Kind, validate } from 'graphql';
import type { Context } from '../graphql/context.ts';
import { restError } from './errors.ts';
import { type Input, inputsOf, operationOf } from './inputs.ts';
import type { Route } from './route.ts';

/** The data of a result, by the names of the stored operation. */
export type Data = Readonly<Record<string, unknown>>;

/** A route's stored operation, made ready once. */
export interface Operation {
  readonly inputs: readonly Input[];
  /** Runs it against the schema in this process. Throws what the schema refused, in the words of REST. */
  readonly run: (context: Context, variables: Record<string, unknown>) => Promise<Data>;
}

/** Validates the route's operation once, so that a request only executes it. */
export function prepareOperation(schema: GraphQLSchema, route: Route): Operation {
  const { document } = route;
  const faults = validate(schema, document);
  if (faults.length > 0) {
    throw new Error(`${route.method} ${route.path}: ${faults.map(({ message }) => message).join('; ')}`);
  }
  assertScopeOf(schema, route);
  const inputs = inputsOf(schema, route);
  const run = async (contextValue: Context, variableValues: Record<string, unknown>): Promise<Data> => {
    const { data, errors } = await execute({ schema, document, contextValue, variableValues });
    if (errors?.[0] !== undefined || !data) {
      throw restError(errors?.[0], inputs);
    }
    return data;
  };
  return { inputs, run };
}

/** What a row says of access is documentation: it must be what the schema says of the fields that the operation begins with. */
function assertScopeOf(schema: GraphQLSchema, { document, scope, method, path }: Route): void {
  const operation = operationOf(document);
  const fields = schema.getRootType(operation.operation)?.getFields() ?? {};
  for (const selection of operation.selectionSet.selections) {
    const field = selection.kind === Kind.FIELD ? fields[selection.name.value] : undefined;
    const options = field?.extensions['pothosOptions'] as { authScopes?: Record<string, true> } | undefined;
    if (options?.authScopes?.[scope] !== true) {
      throw new Error(`${method} ${path} says that it takes the scope ${scope}, the schema says another`);
    }
  }
}

/** The value at a dotted path of the data. */
export function valueAt(data: unknown, path: string): unknown {
  let value = data;
  for (const name of path.split('.')) {
    value = (value as Data)[name]; // paths are checked against the operation's type where they are written
  }
  return value;
}
