import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { operationOf } from './inputs.ts';
import { type JsonSchema, nullable, object, reference } from './json-schema.ts';
import { refinements } from './refinements.ts';
import { type Components, described, leafSchema } from './schema-types.ts';
import { tagFragments } from './tagged.ts';

/** The schemas of everything an operation answers, by path through its result; shared fragments become components. */
export function responseSchemas(
  schema: GraphQLSchema,
  document: DocumentNode,
  components: Components,
): (path: string) => JsonSchema {
  const operation = operationOf(document);
  const root = schema.getRootType(operation.operation);
  const answers = new Answers(document, components);
  return (path) => answers.at(root, operation.selectionSet, path.split('.'));
}

class Answers {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #components: Components;

  constructor(document: DocumentNode, components: Components) {
    const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
    this.#fragments = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
    this.#components = components;
  }

  /** The schema at a path; a value that is asked for by path is there. */
  at(parent: unknown, selections: SelectionSetNode | undefined, [name = '', ...rest]: readonly string[]): JsonSchema {
    const field = this.#fields(selections).find((one) => (one.alias ?? one.name).value === name);
    if (!isObjectType(parent) || field === undefined) {
      throw new Error(`Nothing is selected as "${name}"`);
    }
    const type = typeOf(parent, field);
    if (rest.length > 0) {
      return this.at(getNamedType(type), field.selectionSet, rest);
    }
    return (
      refinements[`${parent.name}.${field.name.value}`] ??
      this.#typed(isNonNullType(type) ? type.ofType : type, field.selectionSet, false)
    );
  }

  #field(parent: GraphQLObjectType, field: FieldNode): JsonSchema {
    const definition = parent.getFields()[field.name.value];
    const refined = refinements[`${parent.name}.${field.name.value}`];
    return { ...(refined ?? this.#typed(typeOf(parent, field), field.selectionSet)), ...described(definition ?? {}) };
  }

  #typed(type: GraphQLOutputType, selections: SelectionSetNode | undefined, optional = true): JsonSchema {
    if (isNonNullType(type)) {
      return this.#typed(type.ofType, selections, false);
    }
    const schema = this.#present(type, selections);
    return optional ? nullable(schema) : schema;
  }

  #present(type: GraphQLOutputType, selections: SelectionSetNode | undefined): JsonSchema {
    if (isListType(type)) {
      return { type: 'array', items: this.#typed(type.ofType, selections) };
    }
    if (isLeafType(type)) {
      return leafSchema(type, this.#components);
    }
    if (isObjectType(type) && selections !== undefined) {
      return this.#object(type, selections);
    }
    throw new Error(`${String(type)} has no JSON Schema`);
  }

  /** A component when the selection is one shared fragment, an object of its fields otherwise. */
  #object(type: GraphQLObjectType, selections: SelectionSetNode): JsonSchema {
    const wanted = selections.selections.filter(
      (one) => one.kind !== Kind.FRAGMENT_SPREAD || !tagFragments.includes(one.name.value),
    );
    const [only] = wanted;
    if (wanted.length === 1 && only?.kind === Kind.FRAGMENT_SPREAD) {
      return this.#component(type, only.name.value);
    }
    const fields = this.#fields({ ...selections, selections: wanted });
    return object(
      Object.fromEntries(fields.map((field) => [(field.alias ?? field.name).value, this.#field(type, field)])),
    );
  }

  #component(type: GraphQLObjectType, fragment: string): JsonSchema {
    const name = fragment.replace(/^Rest/, '');
    const definition = this.#fragments.get(fragment);
    if (definition !== undefined && !this.#components.has(name)) {
      this.#components.set(name, { ...this.#object(type, definition.selectionSet), ...described(type) });
    }
    return reference(name);
  }

  #fields(selections: SelectionSetNode | undefined): FieldNode[] {
    return (selections?.selections ?? []).flatMap((one) => {
      if (one.kind === Kind.FIELD) {
        return [one];
      }
      return this.#fields(
        one.kind === Kind.INLINE_FRAGMENT ? one.selectionSet : this.#fragments.get(one.name.value)?.selectionSet,
      );
    });
  }
}

function typeOf(parent: GraphQLObjectType, field: FieldNode): GraphQLOutputType {
  const definition = parent.getFields()[field.name.value];
  if (definition === undefined) {
    throw new Error(`${parent.name} has no field "${field.name.value}"`);
  }
  return definition.type;
}
