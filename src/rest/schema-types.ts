import { type GraphQLLeafType, isEnumType } from 'graphql';
import { type JsonSchema, reference } from './json-schema.ts';

/** The schemas that others refer to by name, collected while the document is made. */
export type Components = Map<string, JsonSchema>;

const scalars: Readonly<Record<string, JsonSchema>> = {
  ID: { type: 'string', format: 'uuid' },
  String: { type: 'string' },
  Int: { type: 'integer' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  DateTime: { type: 'string', format: 'date-time' },
  Revision: { type: 'integer', minimum: 0 },
  JSON: {},
};

/** A scalar with its format, or an enum as a component. */
export function leafSchema(type: GraphQLLeafType, components: Components): JsonSchema {
  if (isEnumType(type)) {
    components.set(type.name, { type: 'string', enum: type.getValues().map(({ name }) => name), ...described(type) });
    return reference(type.name);
  }
  const schema = scalars[type.name];
  if (schema === undefined) {
    throw new Error(`The scalar ${type.name} has no JSON Schema`);
  }
  return schema;
}

/** The description of a type or field, where it has one. */
export function described({ description }: { description?: string | null | undefined }): JsonSchema {
  return description ? { description } : {};
}
