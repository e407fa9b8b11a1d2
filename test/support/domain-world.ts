import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import type { Tenant } from '../../src/db/generated/prisma/client.ts';
import { type Call, createCall, type Services } from '../../src/domain/call.ts';
import { ownEntries } from '../../src/domain/config/entries.ts';
import { type ResolvedEntry, resolvedConfig } from '../../src/domain/config/resolved.ts';
import { type ErrorBody, type ErrorCode, StratumError } from '../../src/domain/errors.ts';
import { ownPolicies } from '../../src/domain/permissions/policies.ts';
import { type ResolvedPermission, resolvedPermissions } from '../../src/domain/permissions/resolved.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { createServices } from '../../src/domain/services.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import type { CreateTenantInput } from '../../src/domain/tenants/input.ts';
import { cloneDatabase } from './template-database.ts';
import { violations } from './tree-invariants.ts';

export interface DomainWorldOptions {
  readonly maxDepth?: number;
}

/** The domain functions on a database of their own, without any door. */
export class DomainWorld {
  readonly database: Database;
  readonly services: Services;
  /** An administrator of the whole installation. */
  readonly admin: Call;
  /** Every statement that was sent to the database, in order. */
  readonly statements: string[];
  readonly #drop: () => Promise<void>;

  private constructor(database: Database, statements: string[], maxDepth: number, drop: () => Promise<void>) {
    this.database = database;
    this.statements = statements;
    this.services = createServices({
      database,
      encryptionKeys: ['a secret of at least thirty-two bytes'],
      apiKeys: { hmacSecret: 'a secret to hash keys for tests', prefix: 'sk_test_' },
      limits: { maxDepth, transactionTimeoutMs: 20_000, allowPrivateWebhooks: false },
    });
    this.admin = this.as({ type: 'system', id: 'test', scopes: ['admin'], home: null });
    this.#drop = drop;
  }

  static async open({ maxDepth = 64 }: DomainWorldOptions = {}): Promise<DomainWorld> {
    const { url, drop } = await cloneDatabase();
    const statements: string[] = [];
    const database = openDatabase({ url, statementTimeoutMs: 20_000, onStatement: (text) => statements.push(text) });
    return new DomainWorld(database, statements, maxDepth, drop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.close();
    await this.#drop();
  }

  as(principal: Principal): Call {
    return createCall(this.services, { principal, requestId: null, sourceIp: null });
  }

  /** An administrator at home in one tenant. */
  at({ id, path }: Pick<Tenant, 'id' | 'path'>): Call {
    return this.as({ type: 'api_key', id: `key-of-${id}`, scopes: ['admin'], home: { tenantId: id, path } });
  }

  root(fields: Partial<CreateTenantInput> = {}): Promise<Tenant> {
    return createTenant(this.admin, { name: 'Root', slug: uniqueSlug(), ...fields });
  }

  child({ id: parentId }: Pick<Tenant, 'id'>, fields: Partial<CreateTenantInput> = {}): Promise<Tenant> {
    return createTenant(this.admin, { parentId, name: 'Child', slug: uniqueSlug(), ...fields });
  }

  /** `count` children of one tenant, made at once. */
  children({ id: parentId }: Pick<Tenant, 'id'>, count: number): Promise<Tenant[]> {
    const items = Array.from({ length: count }, () => ({ parentId, name: 'Child', slug: uniqueSlug() }));
    return createTenants(this.admin, items);
  }

  /** A line of `count` tenants beneath one, each the child of the one before. */
  async line(top: Pick<Tenant, 'id'>, count: number): Promise<Tenant[]> {
    const tenants: Tenant[] = [];
    let above: { parentId?: string; parentSlug?: string } = { parentId: top.id };
    while (tenants.length < count) {
      const slugs = Array.from({ length: Math.min(100, count - tenants.length) }, uniqueSlug);
      const items = slugs.map((slug, index) => {
        const parent = index === 0 ? above : { parentSlug: slugs[index - 1]! };
        return { ...parent, name: 'Link', slug };
      });
      tenants.push(...(await createTenants(this.admin, items)));
      above = { parentId: tenants.at(-1)!.id };
    }
    return tenants;
  }

  /** A tenant as it is stored now. */
  read({ id }: Pick<Tenant, 'id'>): Promise<Tenant> {
    return this.database.prisma.tenant.findUniqueOrThrow({ where: { id } });
  }

  /** What applies to a tenant, through the shared cache; null when it is gone. */
  async config({ id }: Pick<Tenant, 'id'>, call = this.admin): Promise<ResolvedEntry[] | null> {
    const tenants = await call.lineages.load(id);
    return tenants
      ? resolvedConfig(call, { tenants, entries: await ownEntries(call, tenants) }, { revealSensitive: true })
      : null;
  }

  /** The resolved value of one key, undefined when nothing is set. */
  async value(tenant: Pick<Tenant, 'id'>, key: string): Promise<unknown> {
    return (await this.config(tenant))?.find((entry) => entry.key === key)?.value;
  }

  async permissions({ id }: Pick<Tenant, 'id'>, call = this.admin): Promise<ResolvedPermission[] | null> {
    const tenants = await call.lineages.load(id);
    return tenants ? resolvedPermissions(call, { tenants, policies: await ownPolicies(call, tenants) }, {}) : null;
  }

  /** Until one connection waits for a lock. */
  async untilOneWaits(): Promise<void> {
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => this.sql(waiting), { interval: 5 }).toHaveLength(1);
  }

  /** Hand-written SQL, past every rule of the product. */
  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }

  /** How much there is of everything a write could have left behind. */
  async counts(): Promise<Record<string, number>> {
    const [row] = await this.sql<Record<string, number>>(`select
      (select count(*)::int from tenants) as tenants, (select count(*)::int from config_entries) as entries,
      (select count(*)::int from permission_policies) as policies, (select count(*)::int from ledgers) as ledgers,
      (select count(*)::int from events) as events, (select coalesce(sum(revision), 0)::int from ledgers) as revisions,
      (select count(*)::int from idempotency_keys) as keys,
      (select count(*)::int from api_keys) as api_keys, (select count(*)::int from roles) as roles,
      (select count(*)::int from webhooks) as webhooks, (select count(*)::int from webhook_secrets) as webhook_secrets,
      (select count(*)::int from webhook_deliveries) as deliveries`);
    return row!;
  }

  /** Every broken promise of the tree and the ledgers, in words. Empty when all is well. */
  invariants(): Promise<string[]> {
    return violations(this.database);
  }

  /** The work is refused with this code and leaves nothing behind; gives what the caller is told. */
  async refused(work: () => Promise<unknown>, code: ErrorCode): Promise<ErrorBody> {
    const before = await this.counts();
    const body = await refusalOf(work());
    expect(body).toMatchObject({ code });
    expect(await this.counts()).toEqual(before);
    return body;
  }
}

/** What the caller of refused work is told. */
export async function refusalOf(work: Promise<unknown>): Promise<ErrorBody> {
  try {
    await work;
  } catch (error) {
    if (error instanceof StratumError) {
      return error.toJSON();
    }
    throw error;
  }
  throw new Error('this was to be refused, and was carried out');
}

/** `ok`, or the code of the refusal. Whatever else is thrown is a fault and fails the test. */
export async function outcomeOf(work: Promise<unknown>): Promise<'ok' | ErrorCode> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (error instanceof StratumError) {
      return error.code;
    }
    throw error;
  }
}

/** The outcomes of works that were begun in the same instant. */
export function outcomesOf(...works: readonly Promise<unknown>[]): Promise<('ok' | ErrorCode)[]> {
  return Promise.all(works.map(outcomeOf));
}

/** Runs `count` rounds, several at a time; each lane gets one round after the other. */
export async function inLanes(
  { count, lanes }: { count: number; lanes: number },
  round: (n: number, lane: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const run = async (lane: number): Promise<void> => {
    while (next < count) {
      const n = next;
      next += 1;
      await round(n, lane);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
}

export function uniqueSlug(): string {
  return `t_${randomBytes(8).toString('hex')}`;
}

/** An id in the right form that nobody has. */
export const unknownId = '0193a5b0-0000-7000-8000-000000000000';
