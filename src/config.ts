import { isIP } from 'node:net';
import { z } from 'zod';

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

const onOff = z.enum(['on', 'off'], 'must be "on" or "off"').transform((word) => word === 'on');

function oneOf<const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType<Words[number]> {
  return z.enum(words, `must be one of ${words.join(', ')}`);
}

function wholeNumber(from: number, to: number): z.ZodType<number> {
  const inRange = (text: string) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to;
  return z.string().refine(inRange, `must be a whole number from ${from} to ${to}`).transform(Number);
}

/** Long enough, and not one letter over and over: what a person types to get past a check is not a key. */
const keyMaterial = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 32, 'must have 32 bytes or more')
  .refine((text) => new Set(text).size >= 8, 'must be random (openssl rand -base64 32)');

const bootstrapKey = z
  .string()
  .refine((text) => text.length >= 16, 'must have 16 characters or more')
  .refine((text) => /^[\x21-\x7e]+$/.test(text), 'must be printable ASCII without spaces')
  .refine((text) => text !== developmentKey, 'must not be the development key, which everybody knows');

const postgresUrl = z
  .string()
  .refine(
    (text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text),
    'must be a URL like postgresql://user:password@host:5432/name',
  );

const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine((list) => list.every(isOrigin), 'must be origins like https://app.example.com, separated by commas');

/**
 * Not "trust everybody", and no number of proxies either: whoever reaches the server directly could then write any address into the
 * ledger.
 */
const trustedProxies = z
  .string()
  .refine((text) => text === 'off' || text.split(',').every((one) => isNetwork(one.trim())), {
    error: 'must be "off", or the addresses or networks of the proxies, separated by commas',
  })
  .transform((text): false | string => (text === 'off' ? false : text));

/** An address, a network like 10.0.0.0/8, or a name for all private or all local ones. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const fits = bits === undefined ? longest > 0 : /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
  return /^(loopback|linklocal|uniquelocal)$/.test(text) || (fits && rest.length === 0);
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** Every setting there is. */
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
  const problems = [...read.flatMap(({ problem }) => problem ?? []), ...productionProblems(env)];
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  const production = values.nodeEnv === 'production';
  return { ...values, introspection: values.introspection ?? !production, playground: !production };
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
  const missing = env[settings.nodeEnv.name] === 'production' ? required.filter(({ name }) => !env[name]) : [];
  return missing.map(({ name }) => `${name} is required when NODE_ENV is production`);
}

/** A host in the query wins over the one before the path, as in `pg`. A URL without any host could mean another machine. */
function isOnThisMachine(databaseUrl: string): boolean {
  const { hostname, searchParams } = new URL(databaseUrl);
  const given = searchParams.getAll('host').filter((host) => host !== '');
  const hosts = given.length > 0 ? given : [decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1')];
  return hosts.every((host) => host.startsWith('/') || /^(localhost|::1|127(\.\d{1,3}){3})$/i.test(host));
}
