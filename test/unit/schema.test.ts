import {
  type ExecutionResult,
  execute,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  GraphQLInt,
  type GraphQLNamedType,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isScalarType,
  isSpecifiedScalarType,
  parse,
  subscribe,
  validate,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { type Call, createCall, type Services } from '../../src/domain/call.ts';
import { type Scope, scopes } from '../../src/domain/principal.ts';
import { assertEveryFieldHasRule } from '../../src/graphql/access.ts';
import { createContext } from '../../src/graphql/context.ts';
import { maskError } from '../../src/graphql/errors.ts';
import { schema } from '../../src/graphql/schema.ts';

type Field = GraphQLField<unknown, unknown>;

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !(isScalarType(type) && isSpecifiedScalarType(type)),
);

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** Everything a type consists of, by its place in the schema, with what is said of it. */
function partsOf(type: GraphQLNamedType): [place: string, description: string | null | undefined][] {
  const within =
    (place: string) =>
    ({ name, description }: Described): [string, string | null | undefined] => [`${place}.${name}`, description];
  const own: [string, string | null | undefined] = [type.name, type.description];
  if (isEnumType(type)) {
    return [own, ...type.getValues().map(within(type.name))];
  }
  if (isInputObjectType(type)) {
    return [own, ...Object.values(type.getFields()).map(within(type.name))];
  }
  if (isObjectType(type) || isInterfaceType(type)) {
    const fields = Object.values(type.getFields());
    const args = fields.flatMap((field) => field.args.map(within(`${type.name}.${field.name}`)));
    return [own, ...fields.map(within(type.name)), ...args];
  }
  return [own];
}

describe('what the schema says of itself', () => {
  const all = types.flatMap(partsOf);

  test('is something about every type, field, argument and value', () => {
    expect(all.length).toBeGreaterThan(250);
    expect(all.filter(([, description]) => !description?.trim()).map(([place]) => place)).toEqual([]);
  });

  test('is in sentences: they begin with a capital or a name in code, and end with a full stop', () => {
    const odd = all.filter(([, description]) => !/^[A-Z`].*\.$/s.test(description ?? ''));
    expect(odd).toEqual([]);
  });
});

describe('names', () => {
  test('of types are unique in what they mean: connections, edges and inputs are called so', () => {
    const inputs = types.filter(isInputObjectType).map(({ name }) => name);
    expect(inputs.filter((name) => !/(Input|Item)$/.test(name))).toEqual([]);
    const objects = types.filter(isObjectType).map(({ name }) => name);
    expect(objects.filter((name) => /(Input|Item|Type)$/.test(name))).toEqual([]);
  });

  test('of fields and arguments are in camel case', () => {
    const fields = types.filter((type) => isObjectType(type) || isInterfaceType(type) || isInputObjectType(type));
    const names = fields.flatMap((type) => Object.keys(type.getFields()));
    expect(names.filter((name) => !/^[a-z][a-zA-Z]*$/.test(name))).toEqual([]);
  });
});

const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
const rootFields = roots.flatMap((root) =>
  Object.values(root.getFields()).map((field): [string, Field] => [`${root.name}.${field.name}`, field]),
);

/** What a field declares it takes: a scope, or only to be known. */
type Rule = Scope | 'known';

function scopeOf({ extensions }: Field): Rule {
  const { authScopes } = extensions['pothosOptions'] as { authScopes: Partial<Record<Rule, true>> };
  const [scope, ...others] = Object.keys(authScopes) as Rule[];
  expect(others).toEqual([]);
  return scope!;
}

/** Everything that can be reached from a type by asking on and on. */
function reachableFrom(type: GraphQLNamedType, seen = new Set<string>()): Set<string> {
  if (seen.has(type.name) || !(isObjectType(type) || isInterfaceType(type))) {
    return seen;
  }
  seen.add(type.name);
  const concrete = isInterfaceType(type) ? schema.getPossibleTypes(type) : [];
  const next = Object.values(type.getFields()).map((field) => getNamedType(field.type));
  for (const one of [...concrete, ...next]) {
    reachableFrom(one, seen);
  }
  return seen;
}

describe('access', () => {
  test('what takes an administrator is behind fields that take one, or that ask by the kind of thing', () => {
    const leading = rootFields.filter(([, field]) => reachableFrom(getNamedType(field.type)).has('ApiKey'));
    expect(leading.length).toBeGreaterThan(5);
    expect(leading.filter(([, field]) => scopeOf(field) !== 'admin').map(([name]) => name)).toEqual([
      'Query.node',
      'Query.nodes',
    ]);
  });

  test('is declared by every field that a document can begin with', () => {
    expect(() => assertEveryFieldHasRule(schema)).not.toThrow();
    const rules: readonly Rule[] = ['known', ...scopes];
    expect(rootFields.map(([name, field]) => [name, rules.includes(scopeOf(field))])).toEqual(
      rootFields.map(([name]) => [name, true]),
    );
    expect(rootFields.filter(([, field]) => scopeOf(field) === 'known').map(([name]) => name)).toEqual([
      'Query.viewer',
    ]);
  });

  test('to what can be read takes the scope read, to what can be changed more, and to take everything away or elsewhere the widest', () => {
    const readers = rootFields.filter(([, field]) => scopeOf(field) === 'read').map(([name]) => name);
    const queries = rootFields.map(([name]) => name).filter((name) => /^(Query|Subscription)\./.test(name));
    const administrators = rootFields.filter(([, field]) => scopeOf(field) === 'admin').map(([name]) => name);
    expect(readers).toEqual(queries.filter((name) => ![...administrators, 'Query.viewer'].includes(name)));
    expect(administrators.sort()).toEqual([
      'Mutation.createApiKey',
      'Mutation.migrateTenantRegion',
      'Mutation.purgeTenant',
      'Mutation.revokeApiKey',
      'Mutation.rotateApiKey',
      'Query.apiKeys',
      'Query.dormantApiKeys',
      'Query.exportTenant',
    ]);
  });

  const rules: readonly [what: string, extensions: Record<string, unknown>][] = [
    ['no extensions', {}],
    ['no options', { pothosOptions: undefined }],
    ['options without a rule', { pothosOptions: { type: 'Int' } }],
    ['a rule that is nothing', { pothosOptions: { authScopes: undefined } }],
  ];
  test.each(rules)('a schema with one that has %s is not made', (_what, extensions) => {
    const bare = { type: GraphQLInt, extensions };
    const ruled = { type: GraphQLString, extensions: { pothosOptions: { authScopes: { read: true } } } };
    const query = new GraphQLObjectType({ name: 'Query', fields: { ruled, bare } });
    const mutation = new GraphQLObjectType({ name: 'Mutation', fields: { change: bare } });
    expect(() => assertEveryFieldHasRule(new GraphQLSchema({ query, mutation }))).toThrow(
      'no access rule is declared for Query.bare, Mutation.change',
    );
  });
});

/** A value that is accepted for an argument of a type. */
function example(type: GraphQLInputType): string {
  const inner = getNullableType(type);
  if (isListType(inner)) {
    return `[${example(inner.ofType)}]`;
  }
  if (isInputObjectType(inner)) {
    const fields = Object.values(inner.getFields()).filter(isRequiredInputField);
    return `{ ${fields.map((field) => `${field.name}: ${example(field.type)}`).join(', ')} }`;
  }
  const examples: Readonly<Record<string, string>> = {
    ID: '"0193a5b0-0000-7000-8000-000000000000"',
    Int: '1',
    Revision: '1',
    String: '"a"',
  };
  return isEnumType(inner) ? inner.getValues()[0]!.name : examples[inner.name]!;
}

function documentFor({ name, args, type }: Field, root: string): string {
  const given = args.filter(isRequiredArgument).map((arg: GraphQLArgument) => `${arg.name}: ${example(arg.type)}`);
  const selection = isObjectType(getNamedType(type)) || isInterfaceType(getNamedType(type)) ? '{ __typename }' : '';
  return `${root.toLowerCase()} { ${name}${given.length > 0 ? `(${given.join(', ')})` : ''} ${selection} }`;
}

/** Somebody with these scopes, where there is no database: whoever gets as far as that has got too far. */
function callBy(held: readonly Scope[]): Call {
  const services = { database: { prisma: {} } } as unknown as Services;
  const principal = { type: 'api_key', id: 'test', scopes: held, home: null } as const;
  return createCall(services, { principal, requestId: null, sourceIp: null });
}

describe('a caller with too small a scope', () => {
  const cases = rootFields.flatMap(([name, field]) => {
    const rule = scopeOf(field);
    if (rule === 'known') {
      return [];
    }
    const less = scopes.slice(0, scopes.indexOf(rule));
    return [[], ...less.map((scope) => [scope])].map((held) => [name, held.join() || 'nothing', field, held] as const);
  });

  test.each(cases)('is FORBIDDEN %s with %s', async (name, _held, field, held) => {
    const document = parse(documentFor(field, name.split('.')[0]!));
    expect(validate(schema, document)).toEqual([]);
    const contextValue = createContext(callBy(held));
    const asked = { schema, document, contextValue };
    const answer = await (name.startsWith('Subscription') ? subscribe(asked) : execute(asked));
    const { errors = [] } = answer as ExecutionResult; // nothing begins
    expect(errors.map(maskError)).toMatchObject([{ path: [field.name], extensions: { code: 'FORBIDDEN' } }]);
  });
});
