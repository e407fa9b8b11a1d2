import { v7 as uuidv7 } from 'uuid';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Database } from '../../src/db/database.ts';
import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import { createKeyHash } from '../../src/domain/api-keys/hash.ts';
import { createKeyMint } from '../../src/domain/api-keys/mint.ts';
import type { Scope } from '../../src/domain/principal.ts';
import type { Target } from './access-table.ts';
import { newRegion } from './regions.ts';
import { secrets } from './rest-app.ts';
import { type Json, RestWorld } from './rest-world.ts';
import { newWebhook } from './webhooks.ts';

export const homes = ['installation', 'parent', 'own', 'child', 'sibling', 'other tree'] as const;
export type Home = (typeof homes)[number];
export const statuses = ['active', 'suspended', 'archived', 'pending'] as const;
export const held: readonly (Scope | null)[] = [null, 'read', 'write', 'admin'];

/** Somebody who asks: where they are at home in relation to the target, and what they may do there. */
export interface Caller {
  readonly home: Home;
  readonly scope: Scope | null;
  readonly key: string;
}

export interface Answered {
  readonly status: number;
  readonly body: Json;
}

/** Sends a request to a server; without a key when it is null. */
export type Send = (method: string, url: string, key: string | null, body?: object) => Promise<Answered>;

export function sendTo({ server }: App): Send {
  return async (method, url, key, body) => {
    const answer = await server.inject({
      method: method as 'GET',
      url,
      headers: {
        accept: 'application/json',
        ...(key !== null && { 'x-api-key': key }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { payload: JSON.stringify(body) }),
    });
    const isJson = String(answer.headers['content-type']).startsWith('application/json') && answer.body !== '';
    return { status: answer.statusCode, body: isJson ? answer.json() : null };
  };
}

const mint = createKeyMint(createKeyHash(secrets.apiKeyHmacSecret), 'sk_test_');

/** Targets of every status, with callers of every home and scope, and two servers: one that writes, and one that takes all back. */
export class AccessWorld {
  readonly world: RestWorld;
  readonly targets = new Map<TenantStatus, Target>();
  readonly callers = new Map<TenantStatus, Caller[]>();
  /** How many changes the second server would have made. */
  changes = 0;
  #undoing!: App;

  private constructor(world: RestWorld) {
    this.world = world;
  }

  static async open(): Promise<AccessWorld> {
    const access = new AccessWorld(await RestWorld.open());
    await access.#grow();
    const config = readConfig({ STRATUM_LOG_LEVEL: 'silent', RATE_LIMIT_MAX: '999999999' });
    access.#undoing = await createApp({ config, database: access.#withoutEffect(), ...secrets });
    return access;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undoing.close();
    await this.world[Symbol.asyncDispose]();
  }

  /** Sends a request whose change, if it comes to one, is taken back right before it would have stayed. */
  get send(): Send {
    return sendTo(this.#undoing);
  }

  async #grow(): Promise<void> {
    const root = await this.world.tenant();
    const parent = await this.world.tenant({ parent_id: root.id });
    const sibling = await this.world.tenant({ parent_id: parent.id });
    const other = await this.world.tenant();
    const regionId = await newRegion(this.world);
    for (const status of statuses) {
      const target = await this.#target(parent.id, regionId);
      const places = {
        installation: null,
        parent: parent.id,
        own: target.id,
        child: target.childId,
        sibling: sibling.id,
      };
      const at: Record<Home, string | null> = { ...places, 'other tree': other.id };
      const callers = homes.flatMap((home) =>
        held.map(async (scope) => ({ home, scope, key: await this.#key(at[home], scope) })),
      );
      this.callers.set(status, await Promise.all(callers));
      this.targets.set(status, target);
      await this.world.sql('update tenants set status = $1::tenant_status where id = any($2)', [
        status,
        [target.id, target.childId],
      ]);
    }
  }

  async #target(parentId: string, regionId: string): Promise<Target> {
    const { id, slug } = await this.world.tenant({ parent_id: parentId });
    const { id: childId } = await this.world.tenant({ parent_id: id });
    const { id: entryId } = (await this.world.put(`/tenants/${id}/config/color`, { value: 'red' })).body;
    const { id: policyId } = await this.world.permission(id, { key: 'export', mode: 'DELEGATED' });
    const { id: keyId } = (await this.world.post('/api-keys', { tenant_id: id, scopes: ['read'] })).body;
    const { id: roleId } = (await this.world.post('/roles', { tenant_id: id, name: 'Reader', scopes: ['read'] })).body;
    const { webhookId, deliveryId } = await newWebhook(this.world, id);
    return { id, slug, childId, parentId, entryId, policyId, keyId, roleId, webhookId, deliveryId, regionId };
  }

  /** By SQL, since nobody can be given a key without any scope. */
  async #key(tenantId: string | null, scope: Scope | null): Promise<string> {
    const { plaintext, prefix, hash } = mint.mint();
    await this.world.sql(
      `insert into api_keys (id, tenant_key, root_id, prefix, hash, scopes, last_used_at)
       select $1, t.key, t.root_id, $2, $3, $4::text[]::scope[], now() from (select 1) one left join tenants t on t.id = $5`,
      [uuidv7(), prefix, hash, scope === null ? [] : [scope], tenantId],
    );
    return plaintext;
  }

  /** The same database, where a transaction does all its work and is then taken back. */
  #withoutEffect(): Database {
    const { database } = this.world;
    const transact = database.prisma.$transaction.bind(database.prisma) as unknown as (
      work: (db: unknown) => Promise<never>,
      options: object,
    ) => Promise<unknown>;
    const undone = async (work: (db: unknown) => Promise<unknown>, options: object): Promise<unknown> => {
      let result: unknown;
      const back = new Error('taken back');
      await transact(async (db) => {
        result = await work(db);
        this.changes += 1;
        throw back;
      }, options).catch((error: unknown) => {
        if (error !== back) {
          throw error;
        }
      });
      return result;
    };
    const prisma = new Proxy(database.prisma, {
      get: (client, property) => (property === '$transaction' ? undone : Reflect.get(client, property)),
    });
    return { ...database, prisma };
  }
}
