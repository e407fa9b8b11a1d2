import {
  astFromValue,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  valueFromASTUntyped,
} from 'graphql';
import type { Input } from './inputs.ts';
import { type JsonSchema, nullable, reference } from './json-schema.ts';
import { restName } from './names.ts';
import { refinements, requiredFields } from './refinements.ts';
import { type Components, described, leafSchema } from './schema-types.ts';

/** The schema of the body a route reads; null when it reads none. */
export function bodySchema(inputs: readonly Input[], components: Components): JsonSchema | null {
  const whole = inputs.find(({ source }) => source === 'whole');
  if (whole !== undefined) {
    return wholeSchema(whole, components);
  }
  const fields = inputs.filter(({ source }) => source === 'body');
  if (fields.length === 0) {
    return null;
  }
  const required = fields
    .filter((input) => input.required || requiredFields.has(`$${input.variable}`))
    .map(({ name }) => name);
  const properties = Object.fromEntries(fields.map((input) => [input.name, parameterSchema(input, components)]));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

/** The schema of one variable, as a parameter or a field of the body. */
export function parameterSchema({ variable, type, defaultValue, source }: Input, components: Components): JsonSchema {
  // Null can't be said in a path or query, there a parameter is left out.
  const shown = source === 'body' ? type : getNullableType(type);
  const schema = source === 'body' ? typed(shown, components) : present(shown, components);
  return { ...schema, ...refinements[`$${variable}`], ...(defaultValue !== undefined && { default: defaultValue }) };
}

function wholeSchema({ type, bound }: Input, components: Components): JsonSchema {
  const inner = getNullableType(type);
  if (!isInputObjectType(inner) || Object.keys(bound).length === 0) {
    return present(inner, components);
  }
  return objectSchema(inner, components, Object.keys(bound));
}

function typed(type: GraphQLInputType, components: Components): JsonSchema {
  return isNonNullType(type) ? present(type.ofType, components) : nullable(present(type, components));
}

function present(type: GraphQLInputType, components: Components): JsonSchema {
  if (isListType(type)) {
    return { type: 'array', items: typed(type.ofType, components) };
  }
  if (isLeafType(type)) {
    return leafSchema(type, components);
  }
  if (!isInputObjectType(type)) {
    throw new Error(`${String(type)} has no JSON Schema`);
  }
  if (!components.has(type.name)) {
    components.set(type.name, objectSchema(type, components));
  }
  return reference(type.name);
}

function objectSchema(
  type: GraphQLInputObjectType,
  components: Components,
  without: readonly string[] = [],
): JsonSchema {
  const fields = Object.values(type.getFields()).filter(({ name }) => !without.includes(name));
  const required = fields.filter(
    (field) => isRequiredInputField(field) || requiredFields.has(`${type.name}.${field.name}`),
  );
  const properties = fields.map((field): [string, JsonSchema] => {
    const literal = field.defaultValue === undefined ? null : astFromValue(field.defaultValue, field.type);
    const schema = {
      ...typed(field.type, components),
      ...refinements[`${type.name}.${field.name}`],
      ...described(field),
    };
    return [restName(field.name), { ...schema, ...(literal && { default: valueFromASTUntyped(literal) }) }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required: required.map(({ name }) => restName(name)) }),
    ...described(type),
  };
}
