/**
 * As much of a pool of the package `pg` as can be seen from here: programs have their own copy of its types, or none. What isn't one is refused
 * when it is given.
 */
export interface PgPool {
  readonly options: object;
  connect(): Promise<unknown>;
  query(statement: string): Promise<unknown>;
}

/** Where to say what a person should know, such as `console` or a logger of your own. */
export interface Logger {
  error(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  info(message: string, details?: object): void;
  debug(message: string, details?: object): void;
}

/** How `Stratum` is opened. Everything can be left out: then a PostgreSQL that comes with the package is started in `dataDir`. */
export interface StratumOptions {
  /** A pool of the package `pg`, which stays yours: `close` does not end it. */
  readonly pool?: PgPool;
  /**
   * A second pool of the package `pg` (8.12 or later), for `forTenant` and nothing else: it connects as a login that is a member of the role `stratum_tenant`. It stays yours.
   */
  readonly tenantPool?: PgPool;
  /** The PostgreSQL server (15 or later) to use, as a URL. */
  readonly connectionString?: string;
  /** Creates and updates the tables when it is opened; true for the embedded database alone, unless told. */
  readonly autoMigrate?: boolean;
  /** The folder of the embedded database and of the secrets that are made outside production: `.stratum` unless told. */
  readonly dataDir?: string;
  /** Encrypts sensitive values: 32 random bytes or more. Required in production; elsewhere one is made and kept in `dataDir`. */
  readonly encryptionKey?: string;
  /** The key before a rotation: still opens what it has encrypted. */
  readonly previousEncryptionKey?: string;
  /** Hashes API keys: 32 random bytes or more. Required in production; elsewhere one is made and kept in `dataDir`. */
  readonly apiKeyHmacSecret?: string;
  /** How API keys begin that are issued here: `sk_live_` unless told. */
  readonly keyPrefix?: 'sk_live_' | 'sk_test_';
  /** Hears what a person should know; nothing is written anywhere else. */
  readonly logger?: Logger;
  /** Whether webhooks are sent from here: false unless told. */
  readonly worker?: boolean;
  /** Database connections at most, unless there is a `pool`: 2 or more, 20 unless told. */
  readonly poolSize?: number;
  /** Levels of tenants below a root at most: 64 unless told. */
  readonly maxDepth?: number;
  /** How long a call or a request may take: 10 seconds unless told. */
  readonly requestTimeoutMs?: number;
  /** Lets webhooks call addresses that are not public: for development. Refused in production. */
  readonly allowPrivateWebhooks?: boolean;
  /** An API key with every right, for the mounted server. */
  readonly bootstrapKey?: string;
  /** The mounted server accepts tokens signed with this secret (HS256). */
  readonly jwtSecret?: string;
  /** It accepts tokens signed with the keys that an issuer publishes here. Needs `jwtIssuer` and `jwtAudience`. */
  readonly jwksUrl?: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly jwtTenantClaim?: string;
  readonly jwtScopesClaim?: string;
  /** How many requests a caller of the mounted server may send in `rateLimitWindow`: 10,000 in `1 minute` unless told. */
  readonly rateLimitMax?: number;
  readonly rateLimitWindow?: string;
  /** The web origins whose pages may call the mounted server. */
  readonly allowedOrigins?: readonly string[];
  /** Whether its GraphQL answers questions about its schema: true, but false in production, unless told. */
  readonly introspection?: boolean;
  /** The addresses or networks of the proxies in front of it, whose `X-Forwarded-For` is believed. */
  readonly trustProxy?: readonly string[];
  /** Where requests are counted for all processes together, and commits are announced. */
  readonly redisUrl?: string;
}
