import {
  ApiError,
  type Client,
  type Credential,
  createClient,
  ReadContextDocument,
  type WebSocketConstructor,
} from '../client/index.ts';
import { type Calls, callsOf } from './calls.ts';
import type { Change } from './change.ts';
import { type NodeMiddleware, type NodeRequest, nodeMiddleware } from './express.ts';
import { type FastifyPlugin, fastifyPlugin } from './fastify.ts';
import { type HonoContext, type HonoMiddleware, honoMiddleware } from './hono.ts';
import { type Found, LiveCopy } from './live-copy.ts';
import { type NestModule, type NestRules, nestModule } from './nest.ts';
import { type WebRequest, type WithTenant, withTenant } from './next.ts';
import type { TenantRules } from './rules.ts';
import { createDecision } from './serve.ts';
import { type Contexts, StratumClient } from './stratum-client.ts';
import { getTenantContext, runWithTenantContext, type TenantContext } from './tenant-context.ts';
import { Watches } from './watches.ts';

/** What is kept in memory, and for how long. */
export interface CacheOptions {
  /** Whether to keep anything. It is, unless told. */
  readonly enabled?: boolean;
  /** How old a context can get at most, although changes are told: 60 seconds. In milliseconds. */
  readonly ttlMs?: number;
  /** How old it can get while there is no connection over which changes are told: 5 seconds. In milliseconds. */
  readonly fallbackTtlMs?: number;
  /** How many contexts are kept, those used last: 5,000. */
  readonly maxSize?: number;
  /** How many trees changes are told of: 900. Of others, nothing is kept longer than `fallbackTtlMs`. */
  readonly maxTrees?: number;
}

export interface StratumOptions {
  /** Where the control plane answers, such as `http://127.0.0.1:3001`. */
  readonly controlPlaneUrl: string;
  /** A key with the scope `read`; it sees the tenants that this program can serve. */
  readonly apiKey: Credential;
  /** Whether contexts hold secrets in clear. The key must be allowed to see them. */
  readonly revealSensitive?: boolean;
  readonly cache?: CacheOptions;
  /** How long one read may take, with all its repetitions, in milliseconds: 5 seconds. A connection that says nothing for as long when it is asked is given up. */
  readonly timeoutMs?: number;
  /** How often a read is repeated that failed for the moment. Twice. */
  readonly retries?: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly webSocket?: WebSocketConstructor;
}

/** Tenants of a control plane, for a program that serves requests of them. */
export interface StratumSdk {
  readonly client: StratumClient;
  /** For Express 4 and 5. */
  middleware<Request extends NodeRequest = NodeRequest>(rules?: TenantRules<Request>): NodeMiddleware<Request>;
  /** For Fastify 5. */
  plugin<Request = unknown>(rules?: TenantRules<Request>): FastifyPlugin;
  hono<Context extends HonoContext = HonoContext>(rules?: TenantRules<Context>): HonoMiddleware<Context>;
  /** For NestJS, among `imports`. */
  nest<Request extends NodeRequest = NodeRequest>(rules?: NestRules<Request>): NestModule;
  /** For route handlers and middleware of Next.js: wraps those that need a tenant. */
  next<Request extends WebRequest = WebRequest>(rules?: TenantRules<Request>): WithTenant<Request>;
  readonly getTenantContext: typeof getTenantContext;
  readonly runWithTenantContext: typeof runWithTenantContext;
  /** Ends the connections and forgets everything. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Connects a program to its control plane. Nothing is sent before a tenant is asked for.
 * @throws {TypeError} For options that can't be meant.
 */
export function stratum({
  controlPlaneUrl,
  apiKey,
  revealSensitive = false,
  cache = {},
  ...rest
}: StratumOptions): StratumSdk {
  const connect = () => createClient({ ...defaults, ...rest, url: controlPlaneUrl, apiKey });
  const caller = connect();
  const calls = callsOf(caller);
  const read = readerOf(calls, revealSensitive);
  const copy = cache.enabled === false ? null : openCopy(read, connect, cache);
  const client = new StratumClient(calls, copy ?? uncached(read));
  const decide = <Request>(rules: TenantRules<Request> = {}) => createDecision((id) => client.resolveTenant(id), rules);
  const close = () => {
    copy?.close();
    caller.close();
  };
  return {
    client,
    middleware: (rules) => nodeMiddleware(decide(rules)),
    plugin: (rules) => fastifyPlugin(decide(rules)),
    hono: (rules) => honoMiddleware(decide(rules)),
    nest: (rules) => nestModule(decide(rules), rules?.exclude),
    next: (rules) => withTenant(decide(rules)),
    getTenantContext,
    runWithTenantContext,
    close,
    [Symbol.dispose]: close,
  };
}

/** A request waits for this: it is to be refused rather than to hang. */
const defaults = { timeoutMs: 5_000 };

type Read = (id: string) => Promise<Found>;

function readerOf(calls: Pick<Calls, 'query'>, reveal: boolean): Read {
  return async (id) => {
    const { tenant } = await calls.query(ReadContextDocument, { id, reveal });
    if (tenant === null) {
      throw new ApiError('TENANT_NOT_FOUND', 'There is no such tenant');
    }
    const { tree, ...context } = tenant;
    return { tree, context: context as TenantContext }; // the maps are JSON to the schema; REST says what is in them
  };
}

function openCopy(
  read: Read,
  connect: () => Client,
  { ttlMs = 60_000, fallbackTtlMs = 5_000, maxSize = 5_000, maxTrees = 900 }: CacheOptions,
): LiveCopy {
  const watches = (onChange: (change: Change) => void) =>
    new Watches({ connect, onChange, settleMs: fallbackTtlMs, maxTrees });
  return new LiveCopy({ read, watches, maxSize, ttlMs, fallbackTtlMs });
}

/** Asks every time. */
function uncached(read: Read): Contexts {
  const status = { contexts: 0, trees: 0, live: 0 };
  return { read: async (id) => (await read(id)).context, changed: () => {}, clear: () => {}, status };
}
