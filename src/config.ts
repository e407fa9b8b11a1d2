import { z } from 'zod';
import {
  algorithms,
  bearerToken,
  claimPath,
  jwksUrl,
  keyMaterial,
  oneOf,
  onOff,
  origins,
  pauses,
  postgresUrl,
  rateWindow,
  redisUrl,
  retention,
  span,
  trustedProxies,
  wholeNumber,
} from './config-values.ts';

/** The key that works without any set-up, on a developer's own machine alone: see `developmentKeyAllowed`. */
export const developmentKey = 'sk_test_bootstrap';

/** One variable of the environment. The table below is what is read, and what `docs/configuration.md` is made of. */
export interface Setting<Value> {
  readonly name: string;
  /** What holds when the variable is unset or empty, as text; null when there is no value then. */
  readonly fallback: string | null;
  readonly description: string;
  /** Turns the text into the value, or says how the text must look ("must be …"). */
  readonly schema: z.ZodType<Value>;
  /** A secret is never shown, in no message. */
  readonly secret: boolean;
}

interface SettingOptions<Value> {
  readonly fallback: string;
  readonly schema: z.ZodType<Value>;
  readonly description: string;
}

function setting<Value>(name: string, options: SettingOptions<Value>): Setting<Value> {
  return { name, secret: false, ...options };
}

function optional<Value>(name: string, options: Omit<SettingOptions<Value>, 'fallback'>): Setting<Value | null> {
  return { name, fallback: null, description: options.description, schema: options.schema.nullable(), secret: false };
}

function secret(name: string, options: Omit<SettingOptions<string>, 'fallback'>): Setting<string | null> {
  return { ...optional(name, options), secret: true };
}

const bootstrapKey = bearerToken.refine(
  (text) => text !== developmentKey,
  'must not be the development key, which everybody knows',
);

/** Every setting there is. One table, and so one long file: it is read from top to bottom, and the page of the documentation is made of it. */
export const settings = {
  nodeEnv: setting('NODE_ENV', {
    fallback: 'development',
    schema: oneOf(['development', 'test', 'production']),
    description:
      '`production` refuses to start without its own database and secrets, and never accepts the development key.',
  }),
  host: setting('HOST', {
    fallback: '127.0.0.1',
    schema: z.string(),
    description: 'The address to listen on; `0.0.0.0` for all.',
  }),
  port: setting('PORT', {
    fallback: '3001',
    schema: wholeNumber(0, 65_535),
    description: 'The port to listen on; `0` for any that is free.',
  }),
  databaseUrl: secret('DATABASE_URL', {
    schema: postgresUrl,
    description:
      'The PostgreSQL server (15 or later) to use. Without it an embedded one is started, with its data in `STRATUM_DATA_DIR`. Required in production.',
  }),
  directDatabaseUrl: secret('STRATUM_DIRECT_DATABASE_URL', {
    schema: postgresUrl,
    description:
      'The same database past the pooler in transaction mode that `DATABASE_URL` leads to (with `?pgbouncer=true`): over it the process is woken when something was committed. Without it, it looks from time to time.',
  }),
  dataDir: setting('STRATUM_DATA_DIR', {
    fallback: '.stratum',
    schema: z.string(),
    description: 'The folder of the embedded database and of the secrets that are generated outside production.',
  }),
  migrate: setting('STRATUM_MIGRATE', {
    fallback: 'on',
    schema: onOff,
    description: '`off` leaves migrations to `stratum migrate`.',
  }),
  encryptionKey: secret('STRATUM_ENCRYPTION_KEY', {
    schema: keyMaterial,
    description:
      'Encrypts sensitive values: 32 random bytes or more (`openssl rand -base64 32`). Required in production; elsewhere one is generated and kept in `STRATUM_DATA_DIR`.',
  }),
  previousEncryptionKey: secret('STRATUM_ENCRYPTION_KEY_PREVIOUS', {
    schema: keyMaterial,
    description: 'The key before a rotation: still opens what it has encrypted.',
  }),
  apiKeyHmacSecret: secret('STRATUM_API_KEY_HMAC_SECRET', {
    schema: keyMaterial,
    description:
      'Hashes API keys: 32 random bytes or more. Required in production; elsewhere one is generated and kept in `STRATUM_DATA_DIR`.',
  }),
  bootstrapKey: secret('STRATUM_BOOTSTRAP_KEY', {
    schema: bootstrapKey,
    description: `An API key with every right in the installation, to make the first keys with: 16 characters or more. The development key \`${developmentKey}\` works without any setting outside production, on an embedded or local database, for callers on the same machine, and nowhere else.`,
  }),
  jwtSecret: secret('JWT_SECRET', {
    schema: keyMaterial,
    description: 'Accepts tokens signed with this secret (HS256): 32 random bytes or more.',
  }),
  jwksUrl: optional('STRATUM_JWKS_URL', {
    schema: jwksUrl,
    description:
      'Accepts tokens signed with the keys that an issuer publishes here. Needs `STRATUM_JWT_ISSUER` and `STRATUM_JWT_AUDIENCE`.',
  }),
  jwtAlgorithms: setting('STRATUM_JWT_ALGORITHMS', {
    fallback: 'RS256,ES256,EdDSA',
    schema: algorithms,
    description: 'The algorithms of those keys that are accepted, separated by commas.',
  }),
  jwtIssuer: optional('STRATUM_JWT_ISSUER', {
    schema: z.string(),
    description: 'What the claim `iss` of every token must be. Needs `STRATUM_JWT_AUDIENCE`.',
  }),
  jwtAudience: optional('STRATUM_JWT_AUDIENCE', {
    schema: z.string(),
    description: 'What the claim `aud` of every token must hold.',
  }),
  jwtClockTolerance: setting('STRATUM_JWT_CLOCK_TOLERANCE', {
    fallback: '5',
    schema: wholeNumber(0, 300),
    description: 'How many seconds the clock of the issuer may differ.',
  }),
  jwtTenantClaim: setting('STRATUM_JWT_TENANT_CLAIM', {
    fallback: 'tenant_id',
    schema: claimPath,
    description: 'The claim with the id of the tenant where the token is at home: a name, or a path with dots.',
  }),
  jwtScopesClaim: setting('STRATUM_JWT_SCOPES_CLAIM', {
    fallback: 'scopes',
    schema: claimPath,
    description: 'The claim with the list of scopes: a name, or a path with dots.',
  }),
  rateLimitMax: setting('RATE_LIMIT_MAX', {
    fallback: '10000',
    schema: wholeNumber(1, 999_999_999),
    description:
      'How many requests a key or the subject of a token may send in `RATE_LIMIT_WINDOW`, unless the key has a limit of its own; and how many requests without an accepted credential an address may send.',
  }),
  rateLimitWindow: setting('RATE_LIMIT_WINDOW', {
    fallback: '1 minute',
    schema: rateWindow,
    description: 'The time that requests are counted in: `30 seconds`, `1 minute`, `2 hours`, `1 day`.',
  }),
  liveMax: setting('STRATUM_LIVE_MAX', {
    fallback: '5000',
    schema: wholeNumber(1, 999_999_999),
    description:
      'How many WebSockets and subscriptions together a key or the subject of a token may have open at a time, in each process.',
  }),
  redisUrl: secret('REDIS_URL', {
    schema: redisUrl,
    description:
      'Where requests are counted for all processes together. Without it, and while it can not be reached, each process counts for itself.',
  }),
  trustedDocuments: optional('STRATUM_TRUSTED_DOCUMENTS', {
    schema: z.string(),
    description:
      'A JSON file of GraphQL documents by id: then only these are executed, by their id (`extensions.persistedQuery.sha256Hash`).',
  }),
  allowedOrigins: setting('ALLOWED_ORIGINS', {
    fallback: 'http://localhost:3000,http://localhost:3300',
    schema: origins,
    description: 'The web origins whose pages may call the API, separated by commas.',
  }),
  requestTimeoutMs: setting('REQUEST_TIMEOUT_MS', {
    fallback: '10000',
    schema: wholeNumber(100, 600_000),
    description: 'A request that takes longer is ended with 503.',
  }),
  poolSize: setting('STRATUM_POOL_SIZE', {
    fallback: '20',
    schema: wholeNumber(2, 1000),
    description: 'Database connections at most: half of them for reads, half for writes.',
  }),
  allowPrivateWebhooks: setting('STRATUM_ALLOW_PRIVATE_WEBHOOKS', {
    fallback: 'off',
    schema: onOff,
    description:
      '`on` lets webhooks call addresses that are not public, such as those of this machine: for development. Refused in production.',
  }),
  worker: setting('STRATUM_WORKER', {
    fallback: 'on',
    schema: onOff,
    description:
      'Whether this process also does what goes on behind requests, such as sending webhooks: `off` where `stratum worker` does it.',
  }),
  workerConcurrency: setting('STRATUM_WORKER_CONCURRENCY', {
    fallback: '50',
    schema: wholeNumber(1, 1000),
    description: 'How many deliveries of webhooks a process makes at a time.',
  }),
  webhookConcurrency: optional('STRATUM_WEBHOOK_CONCURRENCY', {
    schema: wholeNumber(1, 99_999),
    description: 'How many deliveries all processes together make at a time. Without it, as many as each of them may.',
  }),
  webhookEndpointConcurrency: setting('STRATUM_WEBHOOK_ENDPOINT_CONCURRENCY', {
    fallback: '8',
    schema: wholeNumber(1, 1000),
    description: 'How many of them go to the same webhook; those in order go one by one.',
  }),
  webhookSchedule: setting('STRATUM_WEBHOOK_SCHEDULE', {
    fallback: '5s,5m,30m,2h,5h,10h,14h,20h,24h',
    schema: pauses,
    description: 'How long after each failed delivery of a webhook it is tried again; one more failure is the last.',
  }),
  webhookTimeoutMs: setting('STRATUM_WEBHOOK_TIMEOUT', {
    fallback: '10s',
    schema: span,
    description: 'How long a receiver of webhooks may take to answer.',
  }),
  webhookGiveUpMs: setting('STRATUM_WEBHOOK_GIVE_UP', {
    fallback: '5d',
    schema: span,
    description: 'A webhook is switched off when nothing has arrived for so long.',
  }),
  webhookRetentionMs: setting('STRATUM_WEBHOOK_RETENTION', {
    fallback: '30d',
    schema: retention,
    description:
      'How long deliveries of webhooks are kept after they have arrived or failed for good. Events are kept for ever.',
  }),
  maxDepth: setting('STRATUM_MAX_DEPTH', {
    fallback: '64',
    schema: wholeNumber(1, 256),
    description: 'Levels of tenants below a root at most.',
  }),
  introspection: optional('STRATUM_INTROSPECTION', {
    schema: onOff,
    description:
      'Whether GraphQL answers questions about its schema: `on` or `off`. When unset: on, but off in production.',
  }),
  logLevel: setting('STRATUM_LOG_LEVEL', {
    fallback: 'info',
    schema: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    description: 'The least important messages to log.',
  }),
  metrics: setting('STRATUM_METRICS', {
    fallback: 'off',
    schema: onOff,
    description: '`on` counts and measures what the server does, for `/metrics`.',
  }),
  metricsToken: secret('STRATUM_METRICS_TOKEN', {
    schema: bearerToken,
    description:
      'Who may read `/metrics`: those who send this as a bearer token, 16 characters or more. Without it, callers on the same machine.',
  }),
  shutdownGraceMs: setting('STRATUM_SHUTDOWN_GRACE_MS', {
    fallback: '10000',
    schema: wholeNumber(0, 600_000),
    description: 'How long requests may go on after the server was told to stop.',
  }),
  trustProxy: setting('STRATUM_TRUST_PROXY', {
    fallback: 'off',
    schema: trustedProxies,
    description:
      'Whose `X-Forwarded-For` is believed: `off`, or the addresses or networks of the proxies in front of the server; `loopback`, `linklocal` and `uniquelocal` name those of this machine and of private networks.',
  }),
};

type Values = { [Key in keyof typeof settings]: (typeof settings)[Key] extends Setting<infer Value> ? Value : never };

/** What the environment says, checked and typed. */
export interface Config extends Readonly<Omit<Values, 'introspection'>> {
  readonly introspection: boolean;
  /** Whether `/graphql` shows a playground to a browser. */
  readonly playground: boolean;
}

/** All that is wrong with the configuration. The message names every variable and shows no secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the configuration from an environment. An empty variable counts as unset.
 * @throws {ConfigError} With every mistake there is, not only the first.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const read = Object.entries(settings).map(([key, setting]) => ({ key, ...readSetting(setting, env) }));
  // The table says which type each key has; a value that failed is never seen, for then nothing is returned.
  const values = Object.fromEntries(read.map(({ key, value }) => [key, value])) as unknown as Values;
  const problems = [
    ...read.flatMap(({ problem }) => problem ?? []),
    ...productionProblems(env),
    ...missingProblems(env),
  ];
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  const production = values.nodeEnv === 'production';
  return { ...values, introspection: values.introspection ?? !production, playground: !production };
}

/** Whether the program around us is in production: the one thing that a library reads of the environment. */
export function inProduction(): boolean {
  return process.env[settings.nodeEnv.name] === 'production';
}

/** How API keys begin that are issued here. */
export function keyPrefixOf({ nodeEnv }: Pick<Config, 'nodeEnv'>): 'sk_live_' | 'sk_test_' {
  return nodeEnv === 'production' ? 'sk_live_' : 'sk_test_';
}

/**
 * Whether the development key may be accepted at all, from callers on this machine: with an embedded database or one on this very
 * machine, and never in production.
 */
export function developmentKeyAllowed({ nodeEnv, databaseUrl }: Pick<Config, 'nodeEnv' | 'databaseUrl'>): boolean {
  return nodeEnv !== 'production' && (databaseUrl === null || isOnThisMachine(databaseUrl));
}

function readSetting(setting: Setting<unknown>, env: NodeJS.ProcessEnv): { value?: unknown; problem?: string } {
  const text = env[setting.name] || setting.fallback;
  const { success, data, error } = setting.schema.safeParse(text);
  if (success) {
    return { value: data };
  }
  const shown = setting.secret ? '' : `, but is "${text}"`;
  return { problem: `${setting.name} ${error.issues[0]?.message ?? 'is wrong'}${shown}` };
}

function productionProblems(env: NodeJS.ProcessEnv): string[] {
  const required = [settings.databaseUrl, settings.encryptionKey, settings.apiKeyHmacSecret];
  const isProduction = env[settings.nodeEnv.name] === 'production';
  const missing = isProduction ? required.filter(({ name }) => !env[name]) : [];
  const webhooks = settings.allowPrivateWebhooks;
  return [
    ...missing.map(({ name }) => `${name} is required when NODE_ENV is production`),
    ...(isProduction && env[webhooks.name] === 'on'
      ? [`${webhooks.name} must be off when NODE_ENV is production: tenants could reach what the server can reach`]
      : []),
  ];
}

/** What makes no sense alone. An issuer signs tokens for many: those for others are none of ours. */
function missingProblems(env: NodeJS.ProcessEnv): string[] {
  const needs: [Setting<unknown>, Setting<unknown>][] = [
    [settings.jwtIssuer, settings.jwtAudience],
    [settings.jwksUrl, settings.jwtIssuer],
    [settings.directDatabaseUrl, settings.databaseUrl],
  ];
  const unmet = needs.filter(([given, needed]) => env[given.name] && !env[needed.name]);
  return unmet.map(([given, needed]) => `${needed.name} is required with ${given.name}`);
}

/** A host in the query wins over the one before the path, as in `pg`. A URL without any host could mean another machine. */
function isOnThisMachine(databaseUrl: string): boolean {
  const { hostname, searchParams } = new URL(databaseUrl);
  const given = searchParams.getAll('host').filter((host) => host !== '');
  const hosts = given.length > 0 ? given : [decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1')];
  return hosts.every((host) => host.startsWith('/') || /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host));
}
