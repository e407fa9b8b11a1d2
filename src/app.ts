import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { type Authenticate, isFromHere } from './auth/authenticate.ts';
import { type Config, developmentKey, developmentKeyAllowed, keyPrefixOf } from './config.ts';
import type { Database } from './db/database.ts';
import { openListener } from './db/listener.ts';
import { openProbe } from './db/probe.ts';
import type { KeyPrefix } from './domain/api-keys/mint.ts';
import type { Services } from './domain/call.ts';
import { findAnswer, keepAnswer } from './domain/idempotency.ts';
import { createServices, type ServicesOptions } from './domain/services.ts';
import { countDue } from './domain/webhooks/due.ts';
import { type Brought, contextOpener, countStrangers, openAuthenticator, windowMs } from './entrance.ts';
import type { Context } from './graphql/context.ts';
import type { OperationObserver } from './graphql/observe.ts';
import { createOperationNames, operationNamesIn } from './graphql/operation-names.ts';
import { schema } from './graphql/schema.ts';
import { documentsOf, readTrustedDocuments, type TrustedDocuments } from './graphql/trusted-documents.ts';
import { createSocketServer } from './graphql/websocket.ts';
import { createYogaServer, graphqlPath, type YogaOptions } from './graphql/yoga.ts';
import { drainOnClose } from './http/drain.ts';
import { graphqlRoute } from './http/graphql-route.ts';
import { health } from './http/health.ts';
import type { LogOptions } from './http/logging.ts';
import { metricsRoute } from './http/metrics-route.ts';
import { observeRequests, type RequestObserver } from './http/observe.ts';
import { limitRates, type RateLimiter } from './http/rate-limit.ts';
import { openRedis } from './http/redis.ts';
import { createServer } from './http/server.ts';
import { openWakeups } from './http/wakeups.ts';
import * as storedOperations from './operations/generated/graphql.ts';
import { idempotencyOf } from './rest/idempotency.ts';
import { restApi } from './rest/rest-api.ts';
import { restDocs } from './rest/rest-docs.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { openTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import { timeBudget } from './time-budget.ts';

/** One server with every door, which doesn't listen yet. */
export interface App {
  readonly server: FastifyInstance;
  /** What is measured, for those who have something to add; null when nothing is. */
  readonly metrics: Metrics | null;
  /** What the process shares, for what works beside the server. */
  readonly services: Services;
  /** Finds out who calls. */
  readonly authenticate: Authenticate;
  /** Takes nothing new, lets what runs finish, and then is gone. The database stays open: it was opened by somebody else. */
  close(): Promise<void>;
}

export interface AppOptions extends Pick<LogOptions, 'logStream'> {
  readonly database: Database;
  readonly config: Config;
  /** Seals sensitive values; what it sealed can only be read with it. */
  readonly encryptionKey: string;
  /** Hashes API keys. */
  readonly apiKeyHmacSecret: string;
  /** How API keys begin that are issued here; as the configuration has it unless told. */
  readonly keyPrefix?: KeyPrefix;
  /** Finds out who calls, in place of keys and tokens: for hosts that know their callers. */
  readonly authenticate?: Authenticate;
}

/** The version of this package: the same way up from `src` and from `dist`. */
export const version = String(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);

/** How often those at the other end of a WebSocket are asked whether they are still there. */
const heartbeatMs = 12_000;

/** Puts the rooms together. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, database, logStream } = options;
  const server = createServer({ ...config, ...(logStream && { logStream }) });
  const telemetry = openTelemetry({ database, metrics: config.metrics, version });
  const { metrics } = telemetry;
  const requests = observeRequests(server, telemetry, graphqlPath);
  const redis = config.redisUrl === null ? null : openRedis(config.redisUrl, server.log);
  const wakeups =
    redis && openWakeups(redis, ({ ledgerId, revision }) => services.feed.wake(ledgerId, BigInt(revision)));
  const services = openServices(options, {
    onFeedFault: (error) => server.log.warn(error, 'events could not be read; it is tried again'),
    ...(wakeups && {
      onCommit: (ledgerId, revision) => wakeups.announce({ ledgerId, revision: String(revision) }),
    }),
  });
  const authenticate = options.authenticate ?? openAuthenticator(server, config, services);
  server.addHook('onClose', async () => {
    wakeups?.close();
    redis?.disconnect();
  });
  const standard = { max: config.rateLimitMax, windowMs: windowMs(config.rateLimitWindow) };
  const onRefused = metrics && ((by: 'caller' | 'address') => metrics.rateLimited(by));
  const limiter = await limitRates(server, { ...standard, redis, onRefused });
  countStrangers(server, limiter);
  const openContext = contextOpener({
    services,
    authenticate,
    limiter,
    standard,
    requestTimeoutMs: config.requestTimeoutMs,
  });

  feedEvents(server, database, services);
  addHealth(server, database, redis && (() => redis.status === 'ready'));
  server.register(restApi, {
    prefix: '/api/v1',
    schema,
    version,
    openContext,
    answers: { find: findAnswer, keep: keepAnswer },
  });
  server.register(restDocs, { schema, version });
  const trusted = config.trustedDocuments === null ? null : trustedDocuments(config.trustedDocuments);
  addGraphql(server, { config, openContext, trusted, observer: operationObserver(telemetry, requests, trusted) });
  if (metrics !== null) {
    measureLive(metrics, services);
    addMetrics(server, { metrics, limiter, token: config.metricsToken });
  }
  await server.ready();
  return { server, metrics, services, authenticate, close: () => server.close() };
}

/** What a process of this configuration shares. */
export function openServices(
  {
    database,
    config,
    encryptionKey,
    apiKeyHmacSecret,
    keyPrefix = keyPrefixOf(config),
  }: Omit<AppOptions, 'logStream' | 'authenticate'>,
  heard: Pick<ServicesOptions, 'onFeedFault' | 'onCommit'> = {},
): Services {
  const previous = config.previousEncryptionKey === null ? [] : [config.previousEncryptionKey];
  const { transactionTimeoutMs } = timeBudget(config.requestTimeoutMs);
  return createServices({
    database,
    encryptionKeys: [encryptionKey, ...previous],
    apiKeys: { hmacSecret: apiKeyHmacSecret, prefix: keyPrefix },
    limits: {
      maxDepth: config.maxDepth,
      transactionTimeoutMs,
      allowPrivateWebhooks: config.allowPrivateWebhooks,
    },
    maxLines: config.liveMax,
    ...heard,
  });
}

/** Wakes the feed when something was committed, whichever process did it, and ends it before the server waits for those who follow it. */
function feedEvents(server: FastifyInstance, { direct: connection }: Database, { feed }: Services): void {
  const listener = openListener({
    connection,
    channel: 'stratum_events',
    onMessage: (payload) => {
      // Whoever has a login may say anything there.
      const [, ledgerId, revision] = /^([\da-f-]{36}):(\d{1,19})$/.exec(payload) ?? [];
      if (ledgerId !== undefined && revision !== undefined) {
        feed.wake(ledgerId, BigInt(revision));
      }
    },
    onBegin: () => feed.wakeAll(),
  });
  server.addHook('preClose', async () => feed.close());
  server.addHook('onClose', () => listener.close());
}

function addHealth(server: FastifyInstance, { connection }: Database, isRedisThere: (() => boolean) | null): void {
  const probe = openProbe(connection);
  server.addHook('onClose', () => probe.close());
  const isStopping = drainOnClose(server);
  server.register(health, { prefix: '/api/v1', isDatabaseAnswering: probe.isAnswering, isRedisThere, isStopping });
}

function measureLive(metrics: Metrics, { feed, database }: Services): void {
  metrics.gauge('stratum_subscribers', 'Subscriptions that wait for events.', () => feed.statistics.seats);
  metrics.gauge(
    'stratum_ledger_lag_events',
    'Events that were committed and not yet passed on to subscribers, as of the last look.',
    () => feed.statistics.lag,
  );
  metrics.gauge('stratum_deliveries_due', 'Deliveries of webhooks whose time has come.', () => countDue({ database }));
}

/** A forwarded request comes from elsewhere, whoever has brought it here. */
function addMetrics(
  server: FastifyInstance,
  { metrics, limiter, token }: { metrics: Metrics; limiter: RateLimiter; token: string | null },
): void {
  const isLocal = ({ headers, socket }: FastifyRequest) =>
    headers['x-forwarded-for'] === undefined &&
    headers.forwarded === undefined &&
    isFromHere({ headers, peer: socket.remoteAddress });
  server.register(metricsRoute, { metrics, token, isFromHere: isLocal, countAddress: limiter.countAddress });
}

/** Null when nobody wants to know. */
function operationObserver(
  { metrics, tracing }: Telemetry,
  requests: RequestObserver,
  trusted: TrustedDocuments | null,
): OperationObserver<{ req: FastifyRequest }> | null {
  if (metrics === null && tracing === null) {
    return null;
  }
  const known = [...Object.values(storedOperations), ...documentsOf(trusted ?? new Map())];
  const nameOf = createOperationNames(schema, operationNamesIn(known));
  return { nameOf, tracing, note: ({ req }, noted) => requests.note(req, noted) };
}

interface GraphqlDoor extends Pick<YogaOptions<{ req: FastifyRequest }>, 'trusted' | 'observer'> {
  readonly config: Config;
  readonly openContext: (request: FastifyRequest, brought?: Brought) => Promise<Context>;
}

function addGraphql(server: FastifyInstance, { config, openContext, trusted, observer }: GraphqlDoor): void {
  // Faults are reported from deep inside an operation, where nobody knows of requests.
  const logs = new AsyncLocalStorage<FastifyRequest['log']>();
  const yoga = createYogaServer<{ req: FastifyRequest }>({
    schema,
    openContext: ({ req }) => openContext(req, { idempotency: idempotencyOf(req) }),
    introspection: config.introspection,
    trusted,
    observer,
    playground: config.playground ? { apiKey: developmentKeyAllowed(config) ? developmentKey : null } : null,
    logFault: (error) => (logs.getStore() ?? server.log).error({ err: error }, 'an operation failed'),
  });
  const { opened } = createSocketServer<{ req: FastifyRequest }>({
    yoga,
    openContext: ({ req }, credentials) => openContext(req, { credentials }),
    trusted,
    logFault: (error, { req }) => req.log.error({ err: error }, 'an operation failed'),
  });
  server.register(graphqlRoute, {
    path: graphqlPath,
    handle: (req) => logs.run(req.log, async () => yoga.fetch(...fetchArguments(req), { req })),
    sockets: {
      chooseProtocol: handleProtocols,
      speak: (socket, req) => opened(socket, { incoming: { req }, send: socket.send, close: socket.close }),
      heartbeatMs,
      allowedOrigins: config.allowedOrigins,
    },
  });
}

function trustedDocuments(file: string): TrustedDocuments {
  try {
    return readTrustedDocuments(readFileSync(file, 'utf8'), file, schema);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === undefined
      ? error
      : new Error(`STRATUM_TRUSTED_DOCUMENTS can't be read: ${message}`, { cause: error });
  }
}

/** Only the query counts of an address: it was found by its path, and the host that a caller names is nothing to build on. */
function fetchArguments({ method, url, headers: sent, body }: FastifyRequest): [url: string, init: RequestInit] {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const headers = new Headers(sent as Record<string, string>); // Node has joined what was sent twice
  const type = headers.get('content-type');
  if (type !== null) {
    headers.set('content-type', type.toLowerCase());
  }
  // The route reads bodies as text.
  return [`http://localhost${graphqlPath}${query}`, { method, headers, ...(body ? { body: body as string } : {}) }];
}
