import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** What a page may load when it says nothing else: its own, from here. Pages of this server are also used without TLS, on localhost. */
const pagePolicy = {
  'default-src': ["'self'"],
  'base-uri': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'script-src': ["'self'"],
  'script-src-attr': ["'none'"],
  'style-src': ["'self'", "'unsafe-inline'"],
};

/** What browsers are told: what pages of ours may do, and which other pages may call us. */
export function adviseBrowsers(server: FastifyInstance, allowedOrigins: readonly string[]): void {
  server.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: pagePolicy } });
  server.register(cors, {
    origin: [...allowedOrigins],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      ...['X-Request-Id', 'ETag', 'X-Next-Cursor', 'Link', 'Location', 'Idempotency-Replayed', 'Retry-After'],
      ...['Limit', 'Remaining', 'Reset'].flatMap((what) => [`RateLimit-${what}`, `X-RateLimit-${what}`]),
    ],
    maxAge: 600,
    strictPreflight: false,
  });
}
