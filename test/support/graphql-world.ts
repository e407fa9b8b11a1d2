import { randomBytes } from 'node:crypto';
import { execute, parse } from 'graphql';
import { expect } from 'vitest';
import type { App } from '../../src/app.ts';
import { developmentKey } from '../../src/config.ts';
import type { Database } from '../../src/db/database.ts';
import { createCall, type Services } from '../../src/domain/call.ts';
import type { ErrorCode } from '../../src/domain/errors.ts';
import type { Principal, Scope } from '../../src/domain/principal.ts';
import { createServices } from '../../src/domain/services.ts';
import { createContext } from '../../src/graphql/context.ts';
import { maskError } from '../../src/graphql/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { type OpenApp, type OpenAppOptions, openApp, secrets } from './rest-app.ts';

/** What an answer holds: looked into freely here, a test that expects another shape fails by that. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: Readonly<Record<string, Json>> & { readonly code: ErrorCode };
}

export interface GraphqlAnswer {
  readonly data?: Json;
  readonly errors?: readonly GraphqlError[];
}

export interface Created {
  readonly id: string;
  readonly slug: string;
}

type Variables = Readonly<Record<string, unknown>>;

/** Who asks: the development key through HTTP unless told. */
export interface Asking {
  readonly as?: Principal;
}

/** A server with a database of its own, asked through its GraphQL door. */
export class GraphqlWorld {
  readonly app: App;
  readonly database: Database;
  /** Every statement that was sent to the database, in order. */
  readonly statements: string[];
  readonly #services: Services;
  readonly #close: () => Promise<void>;

  private constructor({ app, database, statements, close }: OpenApp) {
    this.app = app;
    this.database = database;
    this.statements = statements;
    this.#close = close;
    this.#services = createServices({
      database,
      encryptionKeys: [secrets.encryptionKey],
      apiKeys: { hmacSecret: 'a secret to hash keys for tests', prefix: 'sk_test_' },
      limits: { maxDepth: 64, transactionTimeoutMs: 20_000, allowPrivateWebhooks: false },
    });
  }

  static async open(options?: OpenAppOptions): Promise<GraphqlWorld> {
    return new GraphqlWorld(await openApp(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** The whole answer to a document. */
  async ask(query: string, variables: Variables = {}, { as }: Asking = {}): Promise<GraphqlAnswer> {
    return as === undefined ? this.#post(query, variables) : this.#execute(query, variables, as);
  }

  /** What a document that has nothing wrong with it is answered. */
  async data(query: string, variables: Variables = {}, asking: Asking = {}): Promise<Json> {
    const { data, errors } = await this.ask(query, variables, asking);
    expect(errors).toBeUndefined();
    return data;
  }

  async #post(query: string, variables: Variables): Promise<GraphqlAnswer> {
    const response = await this.app.server.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'x-api-key': developmentKey, 'content-type': 'application/json' },
      payload: JSON.stringify({ query, variables }),
    });
    return response.json<GraphqlAnswer>();
  }

  /** Past HTTP, for principals that no key stands for yet. */
  async #execute(query: string, variableValues: Variables, principal: Principal): Promise<GraphqlAnswer> {
    const call = createCall(this.#services, { principal, requestId: null, sourceIp: null });
    const document = parse(query);
    const { data, errors } = await execute({ schema, document, variableValues, contextValue: createContext(call) });
    return JSON.parse(JSON.stringify({ data, errors: errors?.map(maskError) })) as GraphqlAnswer;
  }

  /** Somebody at home in one tenant. */
  async at({ id }: Pick<Created, 'id'>, scope: Scope = 'read'): Promise<Principal> {
    const [row] = await this.sql<{ path: string }>('select path from tenants where id = $1', [id]);
    return { type: 'api_key', id: `key-of-${id}`, scopes: [scope], home: { tenantId: id, path: row!.path } };
  }

  /** A new tenant; a root unless it names a parent. */
  async tenant(fields: Variables = {}): Promise<Created> {
    const input = { name: 'Tenant', slug: uniqueSlug(), ...fields };
    const { createTenant } = await this.data(
      'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { id slug } }',
      { input },
    );
    return createTenant;
  }

  /** Children of one tenant with these names, in their order. */
  async children({ id: parentId }: Pick<Created, 'id'>, names: readonly string[]): Promise<Created[]> {
    const tenants = names.map((name) => ({ name, slug: uniqueSlug(), parentId }));
    const { createTenants } = await this.data(
      'mutation ($tenants: [CreateTenantsItem!]!) { createTenants(tenants: $tenants) { id slug } }',
      { tenants },
    );
    return createTenants;
  }

  /** A line of tenants with these names from a root down. */
  async line(names: readonly string[]): Promise<Created[]> {
    const line: Created[] = [];
    for (const name of names) {
      line.push(await this.tenant({ name, parentId: line.at(-1)?.id ?? null }));
    }
    return line;
  }

  /** Carries out a transition. */
  async transition(verb: 'suspend' | 'resume' | 'archive' | 'purge', { id }: Pick<Created, 'id'>): Promise<void> {
    await this.data(`mutation ($id: ID!) { ${verb}Tenant(id: $id) { id } }`, { id });
  }

  async move({ id }: Pick<Created, 'id'>, to: Pick<Created, 'id'> | null): Promise<void> {
    await this.data('mutation ($id: ID!, $to: ID) { moveTenant(id: $id, newParentId: $to) { id } }', {
      id,
      to: to?.id ?? null,
    });
  }

  /** Sets keys of a tenant, all with the same flags. */
  async config({ id }: Pick<Created, 'id'>, entries: Variables, flags: Variables = {}): Promise<void> {
    await this.data(
      'mutation ($id: ID!, $entries: [SetConfigInput!]!) { setConfigs(tenantId: $id, entries: $entries) { id } }',
      { id, entries: Object.entries(entries).map(([key, value]) => ({ key, value, ...flags })) },
    );
  }

  async permission({ id }: Pick<Created, 'id'>, input: Variables): Promise<Json> {
    const { createPermission } = await this.data(
      'mutation ($id: ID!, $input: CreatePermissionInput!) { createPermission(tenantId: $id, input: $input) { id key revision } }',
      { id, input },
    );
    return createPermission;
  }

  /** How many statements a document costs. It is answered without errors. */
  async cost(query: string, variables: Variables = {}, asking: Asking = {}): Promise<number> {
    const before = this.statements.length;
    await this.data(query, variables, asking);
    return this.statements.length - before;
  }

  /** Hand-written SQL, past every door. */
  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }

  /** How much there is of everything a write could have left behind. */
  async counts(): Promise<Record<string, number>> {
    const [row] = await this.sql<Record<string, number>>(`select
      (select count(*)::int from tenants) as tenants, (select count(*)::int from config_entries) as entries,
      (select count(*)::int from permission_policies) as policies, (select count(*)::int from ledgers) as ledgers,
      (select count(*)::int from events) as events, (select coalesce(sum(revision), 0)::int from ledgers) as revisions, (select count(*)::int from webhooks) as webhooks,
      (select count(*)::int from webhook_secrets) as webhook_secrets, (select count(*)::int from webhook_deliveries) as deliveries`);
    return row!;
  }

  /** The document is refused with this code and nothing else, and leaves nothing behind; gives the error. */
  async refused(code: ErrorCode, query: string, variables: Variables = {}, asking: Asking = {}): Promise<GraphqlError> {
    const before = await this.counts();
    const { errors } = await this.ask(query, variables, asking);
    expect(errors).toMatchObject([{ extensions: { code } }]);
    expect(await this.counts()).toEqual(before);
    return errors![0]!;
  }
}

export function uniqueSlug(): string {
  return `t_${randomBytes(8).toString('hex')}`;
}

/** An id in the right form that nobody has. */
export const unknownId = '0193a5b0-0000-7000-8000-000000000000';
