import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { StratumError } from '../domain/errors.ts';
import { defaultPageSize, maxPageSize } from '../domain/page.ts';

/** As many fields at most may an answer have, pages counted at their full size. */
const maxFields = 100_000;

/** How deep fields may lie within each other. */
const maxLevels = 30;

/** A document may consist of so many words and signs, */
export const maxTokens = 60_000;

/** have so many names of its own for fields, */
const maxAliases = 1_000;

/** and so many directives. */
const maxDirectives = 100;

/** `VALIDATION_ERROR` for a document with more of the same than anybody writes. */
export function assertPlain(document: DocumentNode): void {
  let [aliases, directives] = [0, 0];
  visit(document, {
    Field: ({ alias }) => {
      aliases += alias === undefined ? 0 : 1;
    },
    Directive: () => {
      directives += 1;
    },
  });
  if (aliases > maxAliases || directives > maxDirectives) {
    throw new StratumError(
      'VALIDATION_ERROR',
      `The document has ${aliases} aliases and ${directives} directives; ${maxAliases} and ${maxDirectives} are allowed`,
    );
  }
}

/** What an operation costs, in fields of its answer, and what one may cost. */
export interface Cost {
  readonly requested: number;
  readonly max: number;
}

/** What a field at the top counts for, since it is at least a statement, or a transaction. */
const weights: Readonly<Record<string, number>> = { query: 20, mutation: 200, subscription: 200 };

export interface Asked {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** How much an operation asks for. */
export interface Size {
  readonly fields: number;
  readonly levels: number;
}

/** How much an operation asks for: nothing when there is no such operation, as the executor will say. It must be valid otherwise. */
export function sizeOf(asked: Asked): Size {
  const operation = getOperationAST(asked.document, asked.operationName);
  const root = operation && asked.schema.getRootType(operation.operation);
  if (!operation || !root) {
    return { fields: 0, levels: 0 };
  }
  return new Estimate(asked).of(root, operation.selectionSet, weights[operation.operation] ?? 1);
}

/** The cost of an operation as answers tell it. */
export function costOf({ fields }: Size): Cost {
  return { requested: Math.min(Math.ceil(fields), Number.MAX_SAFE_INTEGER), max: maxFields }; // JSON has no infinity
}

/** `VALIDATION_ERROR` for an operation that asks for more than one answer should hold. */
export function assertAffordable(size: Size): void {
  if (size.levels > maxLevels) {
    throw tooMuch(`The document is nested ${size.levels} levels deep; ${maxLevels} are allowed`, size);
  }
  if (size.fields > maxFields) {
    const fields = Number.isFinite(size.fields) ? Math.ceil(size.fields) : 'endless';
    throw tooMuch(`The answer could have ${fields} fields; ${maxFields} are allowed: ask for smaller pages`, size);
  }
}

function tooMuch(message: string, { fields, levels }: Size): StratumError {
  return new StratumError('VALIDATION_ERROR', message, {
    details: { fields, levels, max_fields: maxFields, max_levels: maxLevels },
  });
}

/** Adds up what an operation could answer. Each fragment is looked at once, however often it is spread. */
class Estimate {
  readonly #asked: Asked;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #sizes = new Map<string, Size>();

  constructor(asked: Asked) {
    this.#asked = asked;
    const fragments = asked.document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION);
    this.#fragments = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
  }

  of(type: GraphQLNamedType, { selections }: SelectionSetNode, weight = 1): Size {
    let [fields, levels] = [0, 0];
    for (const selection of selections) {
      const size =
        selection.kind === Kind.FIELD
          ? this.#ofField(type, selection, weight)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? this.of(this.#typeNamed(selection.typeCondition?.name.value) ?? type, selection.selectionSet, weight)
            : this.#ofFragment(selection.name.value, weight);
      fields += size.fields;
      levels = Math.max(levels, size.levels);
    }
    return { fields, levels };
  }

  #ofField(type: GraphQLNamedType, node: FieldNode, weight: number): Size {
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
    if (field === undefined || node.selectionSet === undefined) {
      return { fields: weight, levels: 1 };
    }
    const { fields, levels } = this.of(getNamedType(field.type), node.selectionSet);
    return { fields: weight + this.#times(field, node) * fields, levels: levels + 1 };
  }

  #ofFragment(name: string, weight: number): Size {
    const known = this.#sizes.get(name);
    const fragment = this.#fragments.get(name);
    const type = this.#typeNamed(fragment?.typeCondition.name.value);
    if (known !== undefined || fragment === undefined || type === undefined) {
      return known ?? { fields: 0, levels: 0 };
    }
    const size = this.of(type, fragment.selectionSet, weight);
    this.#sizes.set(name, size);
    return size;
  }

  /** How many things a field answers: a page of them, or one for each that is named. */
  #times(field: GraphQLField<unknown, unknown>, node: FieldNode): number {
    const values = getArgumentValues(field, node, this.#asked.variableValues);
    if (field.args.some(({ name }) => name === 'first')) {
      return Math.min(Math.max(Number(values['first'] ?? defaultPageSize), 1), maxPageSize);
    }
    return Math.max(1, ...Object.values(values).map((value) => (Array.isArray(value) ? value.length : 1)));
  }

  #typeNamed(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#asked.schema.getType(name);
  }
}
