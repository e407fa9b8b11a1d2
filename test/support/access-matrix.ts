import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import { type ErrorCode, statusByCode } from '../../src/domain/errors.ts';
import type { Scope } from '../../src/domain/principal.ts';
import type { Place } from './access-matrix-rules.ts';
import type { Verdict } from './access-table.ts';
import { AccessWorld, type Caller, held, homes, type Send, sendTo, statuses } from './access-world.ts';
import { type OpenApp, openApp } from './rest-app.ts';
import { newWebhook } from './webhooks.ts';

/** One request as everybody asks it: what is to come of it, and how it is asked. */
export interface Walk {
  /** Whether a request of this kind changes something when it is carried out. */
  readonly changes: boolean;
  readonly expected: (caller: Caller, status: TenantStatus) => Verdict;
  readonly ask: (send: Send, key: string | null, place: Place) => Promise<Verdict>;
}

type Kind = 'read' | 'change' | 'refused change';

/** How many cases one row comes to: every caller and status, and the two who are not let in. */
export const casesOfRow = homes.length * held.length * statuses.length + 2;

/** The matrix at work: the server that takes everything back, and beside it the real one on the same database, for changes that are refused. */
export class Matrix {
  cases = 0;
  #spoiledBy: string | null = null;
  readonly #access: AccessWorld;
  readonly #real: OpenApp;
  readonly #sendReal: Send;
  readonly #places = new Map<TenantStatus, Place>();

  private constructor(access: AccessWorld, real: OpenApp) {
    this.#access = access;
    this.#real = real;
    this.#sendReal = sendTo(real.app);
  }

  static async open(): Promise<Matrix> {
    const access = await AccessWorld.open();
    const databaseUrl = access.world.database.pool.options.connectionString!;
    const matrix = new Matrix(access, await openApp({ databaseUrl, settings: { RATE_LIMIT_MAX: '999999999' } }));
    await matrix.#furnish();
    return matrix;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#real.close();
    await this.#access[Symbol.asyncDispose]();
  }

  /** Asks as everybody about targets of every status, and compares with the table; what is refused leaves nothing behind. */
  async walk(row: string, { changes, expected, ask }: Walk): Promise<void> {
    this.#assertUnspoiled();
    const before = await this.#contents();
    const found: Record<string, Verdict> = {};
    const wanted: Record<string, Verdict> = {};
    for (const status of statuses) {
      const place = this.#places.get(status)!;
      for (const caller of this.#access.callers.get(status)!) {
        const name = `${row}: ${caller.home} / ${caller.scope ?? 'nothing'} / ${status}`;
        const verdict = expected(caller, status);
        wanted[name] = verdict;
        const kind = changes ? (verdict === 'ok' ? 'change' : 'refused change') : 'read';
        found[name] = await this.#asked(name, kind, (send) => ask(send, caller.key, place));
      }
    }
    for (const [name, key] of [['no key', null] as const, ['unknown key', `sk_test_${'x'.repeat(43)}`] as const]) {
      wanted[name] = 'UNAUTHORIZED';
      found[name] = await ask(this.#sendReal, key, this.#places.get('active')!);
    }
    expect(found).toEqual(wanted);
    expect(Object.keys(found)).toHaveLength(casesOfRow);
    expect(await this.#contents()).toEqual(before);
    this.cases += casesOfRow;
  }

  /** What is to change something is asked where everything is taken back, once it is done; what is to be refused, of the real server. */
  async #asked(name: string, kind: Kind, ask: (send: Send) => Promise<Verdict>): Promise<Verdict> {
    if (kind === 'refused change') {
      const verdict = await ask(this.#sendReal);
      this.#spoiledBy = verdict === 'ok' ? name : null;
      this.#assertUnspoiled();
      return verdict;
    }
    this.#access.changes = 0;
    const verdict = await ask(this.#access.send);
    const changes = kind === 'change' && verdict === 'ok' ? 1 : 0;
    expect({ name, changes: this.#access.changes }).toEqual({ name, changes });
    return verdict;
  }

  /** A change that was wrongly carried out stays: whatever is asked after it would tell nothing. */
  #assertUnspoiled(): void {
    expect({ wronglyCarriedOut: this.#spoiledBy }).toEqual({ wronglyCarriedOut: null });
  }

  /** Every row of every table, but for the time a key was last used. */
  async #contents(): Promise<object[]> {
    const { world } = this.#access;
    const tables = await world.sql<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename not like '%migration%' order by 1`,
    );
    expect(tables.length).toBeGreaterThan(7);
    const row = `(to_jsonb(x) - 'last_used_at')::text`;
    const digests = tables.map(
      ({ name }) =>
        `select '${name}' as name, count(*)::int as rows, md5(string_agg(${row}, ' ' order by ${row})) as content from "${name}" x`,
    );
    return world.sql(digests.join(' union all '));
  }

  /** Adds what only some rows are about; by SQL, since most targets are out of use already. */
  async #furnish(): Promise<void> {
    const { world, targets } = this.#access;
    const [active] = targets.values();
    const [sibling] = await world.sql<{ id: string }>(
      'select id from tenants where parent_id = $1 and id <> all($2) order by id limit 1',
      [active!.parentId, [...targets.values()].map(({ id }) => id)],
    );
    const siblingId = sibling!.id;
    const free = await newWebhook(world, null);
    const shared = {
      siblingId,
      siblingKeyId: await this.#key(siblingId, 'read'),
      freeRoleId: await this.#role(null, 'read'),
      freeKeyId: await this.#key(null, 'read'),
      freeWebhookId: free.webhookId,
      freeDeliveryId: free.deliveryId,
    };
    for (const [status, target] of targets) {
      const heldRoleId = await this.#role(target.id, 'read');
      this.#places.set(status, {
        ...target,
        ...shared,
        heldRoleId,
        holderKeyId: await this.#key(target.id, 'admin', heldRoleId),
        strongRoleId: await this.#role(target.id, 'admin'),
        strongKeyId: await this.#key(target.id, 'admin'),
      });
    }
  }

  async #role(tenantId: string | null, scope: Scope): Promise<string> {
    const id = uuidv7();
    await this.#access.world.sql(
      `insert into roles (id, tenant_key, root_id, name, scopes)
       select $1::uuid, t.key, t.root_id, $1::text, array[$2]::scope[] from (select 1) one left join tenants t on t.id = $3`,
      [id, scope, tenantId],
    );
    return id;
  }

  /** A key that nobody calls with. */
  async #key(tenantId: string | null, scope: Scope, roleId: string | null = null): Promise<string> {
    const id = uuidv7();
    await this.#access.world.sql(
      `insert into api_keys (id, tenant_key, root_id, prefix, hash, scopes, role_id, last_used_at)
       select $1::uuid, t.key, t.root_id, 'sk_test_', sha256($1::text::bytea), array[$2]::scope[], $4, now()
       from (select 1) one left join tenants t on t.id = $3`,
      [id, scope, tenantId, roleId],
    );
    return id;
  }
}

/** The verdict of a field: its only code, or what its value shows. What succeeds is never null, but for `node`. */
export async function askField(send: Send, key: string | null, query: string, shows: string[] | null) {
  const { body } = await send('POST', '/graphql', key, { query });
  if (query.startsWith('subscription') && body.errors?.[0].extensions.code === 'NOT_ACCEPTABLE') {
    return 'ok'; // it would have begun, for somebody who accepts a stream
  }
  if (body.errors !== undefined) {
    expect({ query, errors: body.errors }).toMatchObject({ errors: [{}] });
    expect(Object.values(body.data ?? {}).filter((value) => value !== null)).toEqual([]);
    return body.errors[0].extensions.code as ErrorCode;
  }
  if (shows === null) {
    expect(Object.values(body.data)).not.toContain(null);
  }
  return seenIn(body.data, shows);
}

/** The verdict of a route: its code, which comes with its own status, or what its body shows. */
export async function askRoute(
  send: Send,
  key: string | null,
  { method, path, body }: { method: string; path: string; body?: object | undefined },
  shows: string[] | null,
): Promise<Verdict> {
  const answer = await send(method, `/api/v1${path}`, key, body);
  const code = answer.body?.error?.code as ErrorCode | undefined;
  expect(answer.status).toBe(code === undefined ? (answer.status < 300 ? answer.status : 0) : statusByCode[code]);
  return code ?? seenIn(answer.body, shows);
}

function seenIn(value: unknown, shows: string[] | null): Verdict {
  if (shows === null) {
    return 'ok';
  }
  const text = JSON.stringify(value);
  return shows.some((id) => text.includes(id)) ? 'seen' : 'hidden';
}
