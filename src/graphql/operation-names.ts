import { type DocumentNode, type GraphQLSchema, getOperationAST, Kind, type OperationDefinitionNode } from 'graphql';

/** An operation as it may stand in a metric or a trace, whatever its caller has called it. */
export interface NamedOperation {
  /** One of a bounded number of names. */
  readonly label: string;
  readonly type: string;
  /** Whether the label is the operation's own name. */
  readonly isKnown: boolean;
}

/** The name of everything that has no other. */
export const otherOperation = 'other';

const maxFields = 3;

/** As many different sets of root fields get a name at most: a metric keeps every name it was ever given. */
const maxSets = 200;

/**
 * Names operations: by their own name when it is one of `known`, else by the fields they begin with when these are few, else `other`. The
 * number of different names is bounded, whatever callers send.
 */
export function createOperationNames(
  schema: GraphQLSchema,
  known: ReadonlySet<string>,
): (document: DocumentNode, operationName: string | null | undefined) => NamedOperation {
  const named = new WeakMap<OperationDefinitionNode, NamedOperation>(); // documents are remembered by their text
  const sets = new Set<string>();
  const labelOf = (operation: OperationDefinitionNode): string => {
    const fields = fieldsOf(operation, schema);
    if (fields === null || (!sets.has(fields) && sets.size >= maxSets)) {
      return otherOperation;
    }
    sets.add(fields);
    return fields;
  };
  return (document, operationName) => {
    const operation = getOperationAST(document, operationName);
    if (!operation) {
      return { label: otherOperation, type: otherOperation, isKnown: false };
    }
    const found = named.get(operation);
    if (found !== undefined) {
      return found;
    }
    const name = operation.name?.value ?? '';
    const isKnown = known.has(name);
    const made = { label: isKnown ? name : labelOf(operation), type: operation.operation, isKnown };
    named.set(operation, made);
    return made;
  };
}

/** The different fields that an operation begins with, in order of name; null when they are many, hidden in fragments or none of ours. */
function fieldsOf({ operation, selectionSet }: OperationDefinitionNode, schema: GraphQLSchema): string | null {
  if (selectionSet.selections.length > maxFields) {
    return null;
  }
  const fields = schema.getRootType(operation)?.getFields() ?? {};
  const names = selectionSet.selections.map((one) => (one.kind === Kind.FIELD ? one.name.value : ''));
  return names.every((name) => Object.hasOwn(fields, name)) ? [...new Set(names)].sort().join(',') : null;
}

/** The names of the operations in documents. */
export function operationNamesIn(documents: Iterable<DocumentNode>): ReadonlySet<string> {
  const definitions = [...documents].flatMap((document) => document.definitions);
  const names = definitions.map((one) => (one.kind === Kind.OPERATION_DEFINITION ? one.name?.value : undefined));
  return new Set(names.filter((name) => name !== undefined));
}
