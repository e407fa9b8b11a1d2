import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { App } from '../../src/app.ts';
import type { Database } from '../../src/db/database.ts';
import type { OpenApiDocument } from '../../src/rest/openapi.ts';
import { Contract } from './contract.ts';
import { type OpenApp, openApp } from './rest-app.ts';

/** What an answer holds: looked into freely here, since every answer was held against its schema before. */
// biome-ignore lint/suspicious/noExplicitAny: a test that expects another shape fails by that
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: Json;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A server with a database of its own. Every answer is held against the OpenAPI document. */
export class RestWorld {
  readonly app: App;
  readonly database: Database;
  readonly contract: Contract;
  /** Every statement that was sent to the database, in order. */
  readonly statements: readonly string[];
  readonly #close: () => Promise<void>;

  private constructor({ app, database, statements, close }: OpenApp, contract: Contract) {
    this.app = app;
    this.database = database;
    this.statements = statements;
    this.contract = contract;
    this.#close = close;
  }

  static async open(): Promise<RestWorld> {
    const opened = await openApp();
    const { body } = await opened.app.server.inject({ url: '/api/v1/openapi.json' });
    return new RestWorld(opened, new Contract(JSON.parse(body) as OpenApiDocument));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** One request under `/api/v1` with the development key. */
  async request(method: string, url: string, { body, headers = {} }: RequestOptions = {}): Promise<Answer> {
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await this.app.server.inject({
      method: method as 'GET',
      url: `/api/v1${url}`,
      headers: { 'x-api-key': 'sk_test_bootstrap', ...type, ...headers },
      ...payload,
    });
    const isJson = String(response.headers['content-type']).startsWith('application/json') && response.body !== '';
    const answer: Answer = {
      status: response.statusCode,
      headers: response.headers as Record<string, string>,
      body: isJson ? JSON.parse(response.body) : response.body,
    };
    this.contract.check({ method, url, ...answer });
    return answer;
  }

  get = (url: string, headers?: Record<string, string>) => this.request('GET', url, { ...(headers && { headers }) });
  post = (url: string, body: unknown = {}, headers?: Record<string, string>) =>
    this.request('POST', url, { body, ...(headers && { headers }) });
  put = (url: string, body: unknown, headers?: Record<string, string>) =>
    this.request('PUT', url, { body, ...(headers && { headers }) });
  patch = (url: string, body: unknown, headers?: Record<string, string>) =>
    this.request('PATCH', url, { body, ...(headers && { headers }) });
  delete = (url: string, headers?: Record<string, string>) =>
    this.request('DELETE', url, { ...(headers && { headers }) });

  /** A new tenant; a root unless it names a parent. */
  async tenant(fields: Record<string, unknown> = {}): Promise<Json> {
    const { status, body } = await this.post('/tenants', { name: 'Tenant', slug: uniqueSlug(), ...fields });
    expect(status, JSON.stringify(body)).toBe(201);
    return body;
  }

  /** A new tenant in a status of choice. */
  async tenantThatIs(status: 'active' | 'suspended' | 'archived', fields: Record<string, unknown> = {}): Promise<Json> {
    const tenant = await this.tenant(fields);
    const verb = { active: null, suspended: 'suspend', archived: 'archive' }[status];
    return verb === null ? tenant : (await this.post(`/tenants/${tenant.id}/${verb}`)).body;
  }

  async config(id: string, entries: Record<string, unknown>, flags: Record<string, unknown> = {}): Promise<void> {
    const list = Object.entries(entries).map(([key, value]) => ({ key, value, ...flags }));
    expect((await this.put(`/tenants/${id}/config/batch`, { entries: list })).status).toBe(200);
  }

  async permission(id: string, fields: Record<string, unknown>): Promise<Json> {
    const { status, body } = await this.post(`/tenants/${id}/permissions`, fields);
    expect(status, JSON.stringify(body)).toBe(201);
    return body;
  }

  /** Hand-written SQL, past every door. */
  async sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }

  /** How much there is of everything a write could have left behind. */
  async counts(): Promise<Record<string, number>> {
    const [row] = await this.sql<Record<string, number>>(`select
      (select count(*)::int from tenants) as tenants, (select count(*)::int from config_entries) as entries,
      (select count(*)::int from permission_policies) as policies, (select count(*)::int from events) as events,
      (select coalesce(sum(revision), 0)::int from ledgers) as revisions, (select count(*)::int from idempotency_keys) as keys,
      (select count(*)::int from api_keys) as api_keys, (select count(*)::int from roles) as roles,
      (select count(*)::int from webhooks) as webhooks, (select count(*)::int from webhook_secrets) as webhook_secrets,
      (select count(*)::int from webhook_deliveries) as deliveries`);
    return row!;
  }

  /** The request is refused with this status and code, and leaves nothing behind; gives the body. */
  async refused(
    method: string,
    url: string,
    options: RequestOptions,
    status: number,
    code: string | undefined,
  ): Promise<Json> {
    const before = await this.counts();
    const answer = await this.request(method, url, options);
    expect({ status: answer.status, code: answer.body.error?.code, body: answer.body }).toMatchObject({ status, code });
    expect(await this.counts()).toEqual(before);
    return answer.body;
  }
}

export function uniqueSlug(): string {
  return `t_${randomBytes(8).toString('hex')}`;
}

/** An id in the right form that nobody has. */
export const unknownId = '0193a5b0-0000-7000-8000-000000000000';
