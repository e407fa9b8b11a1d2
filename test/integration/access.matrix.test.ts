import { isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import { type ErrorCode, statusByCode } from '../../src/domain/errors.ts';
import { scopes } from '../../src/domain/principal.ts';
import { schema } from '../../src/graphql/schema.ts';
import { routes } from '../../src/rest/routes.ts';
import {
  fieldRows,
  installationRows,
  nodeRows,
  type Row,
  routeRows,
  type Target,
  type Verdict,
} from '../support/access-table.ts';
import { AccessWorld, type Answered, type Caller, held, homes, statuses } from '../support/access-world.ts';

/**
 * The deny matrix: every field that a document can begin with, every kind of node and every route, for callers of every home and scope, and
 * targets of every status.
 */
let access: AccessWorld;
beforeAll(async () => {
  access = await AccessWorld.open();
}, 120_000);
afterAll(() => access[Symbol.asyncDispose]());

let cases = 0;

const refusalOfHome: Readonly<Record<TenantStatus, Verdict | null>> = {
  active: null,
  suspended: 'TENANT_SUSPENDED',
  archived: 'TENANT_ARCHIVED',
  pending: 'TENANT_INVALID_STATE',
};

/** What is to come of it: the first that applies. */
function expected(row: Row, { home, scope }: Caller, status: TenantStatus): Verdict {
  const ofHome = home === 'own' || home === 'child' ? refusalOfHome[status] : null;
  if (ofHome !== null) {
    return ofHome;
  }
  if (row.scope !== null && (scope === null || scopes.indexOf(scope) < scopes.indexOf(row.scope))) {
    return 'FORBIDDEN';
  }
  if (row.administrators && scope !== 'admin') {
    return row.missing;
  }
  if (row.installation) {
    return home === 'installation' ? 'ok' : 'FORBIDDEN';
  }
  return ['installation', 'parent', 'own'].includes(home) ? row.statuses[status] : row.missing;
}

/** Whether a request of this kind changes something when it is carried out. */
type Kind = 'reads' | 'changes';

/** Asks as everybody about targets of every status, and compares with the table; what is refused is to leave nothing behind. */
async function walk(row: Row, kind: Kind, ask: (caller: Caller, target: Target) => Promise<Verdict>): Promise<void> {
  const before = await access.world.counts();
  const found: Record<string, Verdict> = {};
  const wanted: Record<string, Verdict> = {};
  for (const status of statuses) {
    for (const caller of access.callers.get(status) ?? []) {
      const name = `${caller.home} / ${caller.scope ?? 'nothing'} / ${status}`;
      wanted[name] = expected(row, caller, status);
      access.changes = 0;
      found[name] = await ask(caller, access.targets.get(status)!);
      const mayChange = kind === 'changes' && found[name] === 'ok';
      expect({ name, changes: access.changes }).toEqual({ name, changes: mayChange ? 1 : 0 });
      cases += 1;
    }
  }
  expect(found).toEqual(wanted);
  expect(Object.keys(found)).toHaveLength(homes.length * held.length * statuses.length);
  expect(await access.world.counts()).toEqual(before);
}

/** What an answer comes to: its code, or whether it names the target. */
function verdictOf(
  code: ErrorCode | undefined,
  row: Row,
  body: unknown,
  { id, keyId, entryId, policyId, roleId }: Target,
): Verdict {
  if (code !== undefined) {
    return code;
  }
  if (!Object.values(row.statuses).some((verdict) => verdict === 'seen')) {
    return 'ok';
  }
  const text = JSON.stringify(body);
  return [id, keyId, entryId, policyId, roleId].some((one) => text.includes(one)) ? 'seen' : 'hidden';
}

function askField(row: Row, operation: string) {
  return async ({ key }: Caller, target: Target): Promise<Verdict> => {
    const query = `${operation} { ${row.request(target).field} }`;
    const { body } = await access.send('POST', '/graphql', key, { query });
    return verdictOf(body.errors?.[0].extensions.code, row, body.data, target);
  };
}

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
  (root) => root != null,
);
const fields = roots.flatMap((root) => Object.keys(root.getFields()).map((field) => `${root.name}.${field}`));
const kinds = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .filter((type) => type.getInterfaces().some(({ name }) => name === 'Node'))
  .map(({ name }) => name);

describe('every field', () => {
  test('stands in the table, and nothing else does', () => {
    expect(Object.keys(fieldRows).sort()).toEqual([...fields].sort());
    expect(Object.keys(nodeRows).sort()).toEqual([...kinds].sort());
    expect(Object.keys(routeRows).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test.each(fields)('%s', { timeout: 60_000 }, async (field) => {
    const row = fieldRows[field]!;
    const operation = field.split('.')[0]!.toLowerCase();
    await walk(row, operation === 'mutation' ? 'changes' : 'reads', askField(row, operation));
  });

  test.each(kinds)('node(id), of a %s', { timeout: 60_000 }, async (kind) => {
    await walk(nodeRows[kind]!, 'reads', askField(nodeRows[kind]!, 'query'));
  });

  test.each(Object.keys(installationRows))('%s, of the whole installation', { timeout: 60_000 }, async (field) => {
    const row = installationRows[field]!;
    const isMutation = `Mutation.${field}` in fieldRows;
    await walk(row, isMutation ? 'changes' : 'reads', askField(row, isMutation ? 'mutation' : 'query'));
  });
});

describe('every route', () => {
  test.each(routes.map(({ method, path }) => `${method} ${path}`))('%s', { timeout: 60_000 }, async (name) => {
    const row = routeRows[name]!;
    const [method = '', pattern = ''] = name.split(' ');
    await walk(row, method === 'GET' ? 'reads' : 'changes', async ({ key }, target) => {
      const { path = pattern.replace(':id', target.id), body } = row.request(target);
      const answer = await access.send(method, `/api/v1${path}`, key, body);
      const code = codeOf(answer);
      return verdictOf(code, row, answer.body, target);
    });
  });

  test('together with the fields, and nobody left out', () => {
    const rows = fields.length + kinds.length + Object.keys(installationRows).length;
    console.log(`access matrix: ${rows} fields and nodes, ${routes.length} routes, ${cases} cases`);
    expect(cases).toBe((rows + routes.length) * homes.length * held.length * statuses.length);
  });
});

/** The code of a refusal, which must come with its own status; undefined for success. */
function codeOf({ status, body }: Answered): ErrorCode | undefined {
  const code = body?.error?.code as ErrorCode | undefined;
  expect(status).toBe(code === undefined ? (status < 300 ? status : 0) : statusByCode[code]);
  return code;
}
