import { complexityFromQuery } from '@pothos/plugin-complexity';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type ParseOptions,
  parse,
  type Source,
  visit,
} from 'graphql';
import { StratumError } from '../domain/errors.ts';
import { defaultPageSize, maxPageSize } from '../domain/page.ts';

/** As many fields at most may an answer have, pages counted at their full size. */
const maxCost = 100_000;

/** How deep fields may lie within each other. */
const maxLevels = 30;

/** How much there may be of what makes a document slow to read and to check. */
const maxTokens = 60_000;
const maxAliases = 1_000;
const maxDirectives = 100;

/** What a field at the top counts for, since it is at least a statement, or a transaction. */
const [queryWeight, mutationWeight] = [20, 200];

/** Reads a document, unless it is longer or more tangled than any that a program needs. */
export function parseWithinLimits(source: string | Source, options?: ParseOptions): DocumentNode {
  const document = parsed(source, options);
  const [aliases, directives] = countsOf(document);
  if (aliases > maxAliases) {
    throw new GraphQLError(`The document has ${aliases} aliases; ${maxAliases} are allowed`);
  }
  if (directives > maxDirectives) {
    throw new GraphQLError(`The document has ${directives} directives; ${maxDirectives} are allowed`);
  }
  return document;
}

function parsed(source: string | Source, options: ParseOptions = {}): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens });
  } catch (error) {
    if (error instanceof RangeError) {
      throw tooDeep(); // the parser's stack is full
    }
    // The parser has no other word for this than its message.
    const isTooLong = error instanceof GraphQLError && error.message.includes(`more that ${maxTokens} tokens`);
    throw isTooLong ? new GraphQLError(`The document has more than ${maxTokens} tokens`) : error;
  }
}

function countsOf(document: DocumentNode): [aliases: number, directives: number] {
  let [aliases, directives] = [0, 0];
  visit(document, {
    Field: ({ alias }) => {
      aliases += alias === undefined ? 0 : 1;
    },
    Directive: () => {
      directives += 1;
    },
  });
  return [aliases, directives];
}

/** What to say when the stack is full: whatever reads a document goes down into it. */
export function tooDeep(): GraphQLError {
  return new GraphQLError(`The document is nested too deeply; ${maxLevels} levels are allowed`);
}

type Arguments = Readonly<Record<string, unknown>>;

/** As much of a field as its cost depends on. */
interface Countable {
  readonly args: readonly { readonly name: string }[];
}

/** What a field counts for: itself, and what is selected of it once for each thing it may answer. */
export function complexityOf(args: Arguments, _context: object, field: Countable) {
  return { field: 1, multiplier: itemsOf(args, field) };
}

/** How many things a field answers: a page of them, or one for each that is named. */
function itemsOf(args: Arguments, field: Countable): number {
  if (field.args.some(({ name }) => name === 'first')) {
    return Math.min(Math.max(Number(args['first'] ?? defaultPageSize), 1), maxPageSize);
  }
  return Math.max(1, ...Object.values(args).map((value) => (Array.isArray(value) ? value.length : 1)));
}

/** Makes the fields at the top of a schema count for what they set going. */
export function weighRootFields(schema: GraphQLSchema): void {
  for (const [type, weight] of [
    [schema.getQueryType(), queryWeight],
    [schema.getMutationType(), mutationWeight],
    [schema.getSubscriptionType(), queryWeight],
  ] as const) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const complexity: typeof complexityOf = (...asked) => ({ ...complexityOf(...asked), field: weight });
      field.extensions = { ...field.extensions, complexity };
    }
  }
}

export interface Asked {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Arguments | null | undefined;
}

/** What an operation asks for. */
export interface Size {
  readonly cost: number;
  readonly levels: number;
}

/** How much an operation asks for: nothing when the document holds no such operation, as the executor will say. It must be valid. */
export function sizeOf({ schema, document, operationName, variableValues }: Asked): Size {
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    return { cost: 0, levels: 0 };
  }
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const chosen: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
  const { complexity, depth } = complexityFromQuery(chosen, { schema, variables: { ...variableValues } });
  return { cost: Math.min(complexity, Number.MAX_SAFE_INTEGER), levels: depth }; // JSON has no infinity
}

/** The cost of an operation as answers tell it. */
export function costOf({ cost }: Size): { readonly requested: number; readonly max: number } {
  return { requested: cost, max: maxCost };
}

/** `VALIDATION_ERROR` for an operation that asks for more than one answer should hold. */
export function assertAffordable({ cost, levels }: Size): void {
  const details = { cost, max_cost: maxCost, levels, max_levels: maxLevels };
  if (levels > maxLevels) {
    const message = `The document is nested ${levels} levels deep; ${maxLevels} are allowed`;
    throw new StratumError('VALIDATION_ERROR', message, { details });
  }
  if (cost > maxCost) {
    const message = `The answer could have ${cost} fields; ${maxCost} are allowed: ask for smaller pages`;
    throw new StratumError('VALIDATION_ERROR', message, { details });
  }
}
