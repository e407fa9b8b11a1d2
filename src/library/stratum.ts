import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { App } from '../app.ts';
import { createCall } from '../domain/call.ts';
import { invalidField, StratumError } from '../domain/errors.ts';
import type { EnteredConnection, Tenants } from '../domain/isolation/open-tenants.ts';
import type { TenantConnection } from '../domain/isolation/tenant-transaction.ts';
import { isUuid } from '../domain/validation.ts';
import { type Context, createContext } from '../graphql/context.ts';
import { followOperation, readOperation, runOperation } from '../graphql/run.ts';
import { schema } from '../graphql/schema.ts';
import { routes } from '../rest/routes.ts';
import { createRouteRunner } from '../rest/run-route.ts';
import { findTenantContext, runWithTenantContext, type TenantContext } from '../sdk/tenant-context.ts';
import type { Actor } from './actor.ts';
import { type ApiKeyMethods, apiKeyMethods } from './api-keys.ts';
import { type AuditMethods, auditMethods } from './audit.ts';
import { callerOf } from './caller-of.ts';
import { type Chosen, chooseOptions } from './choose-options.ts';
import { type ConfigMethods, configMethods } from './config.ts';
import { type Installation, openInstallation } from './installation.ts';
import type { KeyHolder } from './key-types.ts';
import { type MountedApp, mount } from './mount.ts';
import { named } from './named-error.ts';
import type { StratumOptions } from './options.ts';
import { type PermissionMethods, permissionMethods } from './permissions.ts';
import { plainAnswer, plainParts, plainVariables } from './plain.ts';
import { type RoleMethods, roleMethods } from './roles.ts';
import type { Run } from './run.ts';
import { type TenantMethods, tenantMethods } from './tenants.ts';
import { validateKey } from './validate-key.ts';
import { type WebhookMethods, webhookMethods } from './webhooks.ts';

type Untyped = Record<string, unknown>;
type Document<Data = unknown, Variables = Untyped> = TypedDocumentNode<Data, Variables>;

const runRoute = createRouteRunner(schema);
const table = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));

/**
 * Stratum within a program: every method executes the same stored operations as the server, and is audited like a request. Methods are
 * refused with a {@link StratumError}.
 */
export class Stratum implements AsyncDisposable {
  readonly #chosen: Chosen;
  #opening: Promise<Installation> | undefined;
  #closing: Promise<void> | undefined;
  readonly #running = new Set<Promise<unknown>>();

  /** The whole server, to be mounted in a server that is there already. */
  readonly app: MountedApp;

  /** The tenant that the running request is for, where the middleware of the SDK or `runWithTenant` says so; undefined elsewhere. */
  static currentTenantContext(): TenantContext | undefined {
    return findTenantContext();
  }

  /** The id of the same. */
  static currentTenantId(): string | undefined {
    return findTenantContext()?.tenant_id;
  }

  /** Runs something, and all it calls and waits for, for a tenant. */
  static runWithTenant<Result>(context: TenantContext, work: () => Result): Result {
    return runWithTenantContext(context, work);
  }

  /** @throws {ConfigError} With everything that is wrong with the options. */
  constructor(options: StratumOptions = {}) {
    this.#chosen = chooseOptions(options);
    this.app = mount(
      async () => (await this.#open()).app.server,
      (work) => this.#track(work),
    );
    const nouns = [
      tenantMethods,
      configMethods,
      permissionMethods,
      apiKeyMethods,
      roleMethods,
      webhookMethods,
      auditMethods,
    ];
    Object.assign(this, ...nouns.map((methodsOf) => methodsOf(this.#run)));
  }

  /** Opens the database, and with `autoMigrate` brings its tables up to date. Every method does it by itself; it is done once. */
  async initialize(): Promise<void> {
    await this.#open();
  }

  /** Lets what runs finish and gives back what was opened, as often as it is called. A pool that was given stays open. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      const opened = await this.#opening?.catch(() => undefined); // then there is nothing to close
      await opened?.close(this.#running);
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Executes a GraphQL document and gives its data, typed by the document.
   * @throws {StratumError} The first thing that was refused; what else the document asked for is not given then.
   */
  graphql<Data, Variables>(document: Document<Data, Variables>, variables: Variables, actor?: Actor): Promise<Data>;
  graphql<Data = Untyped>(document: string, variables?: Untyped, actor?: Actor): Promise<Data>;
  graphql(document: Document | string, variables?: unknown, actor?: Actor): Promise<unknown> {
    return this.#call(actor, async (context) =>
      plainAnswer(await runOperation(context, readOperation(document), plainVariables(variables))),
    );
  }

  /** Follows a subscription: its data, event by event, until the loop is left, `return` is called or `close` is. */
  subscribe<Data, Variables>(
    document: Document<Data, Variables>,
    variables: Variables,
    actor?: Actor,
  ): AsyncGenerator<Data, void>;
  subscribe<Data = Untyped>(document: string, variables?: Untyped, actor?: Actor): AsyncGenerator<Data, void>;
  subscribe(document: Document | string, variables?: unknown, actor?: Actor): AsyncGenerator<unknown, void> {
    const leaving = new AbortController();
    const told = this.#follow(document, variables, { actor, signal: leaving.signal });
    const end = told.return.bind(told);
    // By itself it would hear of it only when something comes.
    told.return = (value) => {
      leaving.abort();
      return end(value);
    };
    return told;
  }

  async *#follow(
    document: Document | string,
    variables: unknown,
    { actor, signal }: { readonly actor: Actor | undefined; readonly signal: AbortSignal },
  ): AsyncGenerator<unknown, void> {
    const context = await this.#call(actor, async (context) => context);
    try {
      const operation = readOperation(document);
      for await (const data of followOperation(context, operation, plainVariables(variables), signal)) {
        yield plainAnswer(data);
      }
    } catch (error) {
      throw named(error);
    }
  }

  /** Who a key belongs to; null when it is not accepted. `TENANT_SUSPENDED` or `TENANT_ARCHIVED` while its tenant is out of use. */
  validateApiKey(key: string): Promise<KeyHolder | null> {
    return this.#within(({ authenticate }) => validateKey(authenticate, key));
  }

  /**
   * The rows of a tenant in your own tables, through `tenantPool`: every call is a transaction that sees what the policies of `stratum isolate` let this tenant see, and nothing else.
   * Whether there is such a tenant, and in which state, is not asked.
   * @throws {ValidationError} When it is not named by a UUID.
   * @throws {UnsafeIsolationError} By the calls, when the login of `tenantPool` could get at the rows of others.
   */
  forTenant(tenantId: string): TenantConnection {
    const id = tenantIdOf(tenantId);
    const transaction: TenantConnection['transaction'] = (work) =>
      this.#withTenants((tenants) => tenants.transaction(id, work));
    return { transaction, query: (text, values) => transaction(({ query }) => query(text, values)) };
  }

  /**
   * Makes the running transaction of a connection one of a tenant: for libraries that hold their own connections. They are to connect as the login of `tenantPool`.
   * @param connection Has the `query` of `pg`. Outside of a transaction nothing comes of it.
   */
  async enterTenant(connection: EnteredConnection, tenantId: string): Promise<void> {
    const id = tenantIdOf(tenantId);
    await this.#withTenants((tenants) => tenants.enter(connection, id));
  }

  #withTenants<Result>(work: (tenants: Tenants) => Promise<Result>): Promise<Result> {
    const running = async () => {
      const { tenants } = await this.#open();
      if (tenants === null) {
        throw new Error('the rows of tenants are reached through the option tenantPool');
      }
      return work(tenants);
    };
    return this.#track(running());
  }

  readonly #run: Run = (name, given, actor) =>
    this.#call(actor, async (context) => {
      const route = typeof name === 'string' ? table.get(name) : name;
      if (route === undefined) {
        throw new Error(`${String(name)} is no route`);
      }
      // What a route answers is held against the type of the method by tests.
      return plainAnswer(await runRoute(context, route, plainParts(given))) as never;
    });

  /** Runs work in the name of an actor. */
  #call<Result>(actor: Actor | undefined, work: (context: Context) => Promise<Result>): Promise<Result> {
    return this.#within(({ services }) => {
      const deadline = performance.now() + this.#chosen.config.requestTimeoutMs;
      return work(createContext(createCall(services, { ...callerOf(actor), deadline })));
    });
  }

  #within<Result>(work: (app: App) => Promise<Result>): Promise<Result> {
    const running = async () => {
      const { app } = await this.#open();
      try {
        return await work(app);
      } catch (error) {
        throw named(error);
      }
    };
    return this.#track(running());
  }

  /** A failure to open is told to those who waited for it; the next one tries again. */
  #open(): Promise<Installation> {
    if (this.#closing !== undefined) {
      return Promise.reject(named(new StratumError('SERVICE_UNAVAILABLE', 'This Stratum was closed')));
    }
    this.#opening ??= openInstallation(this.#chosen).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** What `close` waits for. */
  #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#running.add(work);
    const forget = () => this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }
}

function tenantIdOf(tenantId: unknown): string {
  if (typeof tenantId !== 'string' || !isUuid(tenantId)) {
    throw named(invalidField('tenantId', 'must be a UUID'));
  }
  return tenantId;
}

/** The methods by noun; the constructor assigns them. */
export interface Stratum
  extends TenantMethods,
    ConfigMethods,
    PermissionMethods,
    ApiKeyMethods,
    RoleMethods,
    WebhookMethods,
    AuditMethods {}
