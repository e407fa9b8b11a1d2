import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { All, Controller, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express5 from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import {
  getTenantContext,
  type Served,
  type StratumSdk,
  type TenantRules,
  type TenantVariables,
} from '../../src/sdk/index.ts';

/** What a program of tenants answers: whom it served, as the framework and as the context of the call have it. */
export interface Answer {
  readonly tenant: string;
  readonly inContext: string;
  readonly impersonating: boolean;
  readonly original: string | null;
  readonly body: unknown;
}

export interface SdkApp {
  readonly url: string;
  close(): Promise<unknown>;
}

/** Rules that fit the requests of every framework. */
// biome-ignore lint/suspicious/noExplicitAny: each framework has requests of its own
export type AnyRules = TenantRules<any>;

type Start = (sdk: StratumSdk, rules: AnyRules) => Promise<SdkApp>;

/** As it stands on the request of a framework. */
type Whom = { readonly [Name in keyof Served]?: Served[Name] | undefined };

/** Answers when something was waited for, so that a context that doesn't last is seen. */
async function answer({ tenant, impersonating, originalTenantId }: Whom, body: unknown): Promise<Answer> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const inContext = getTenantContext().tenant_id;
  return {
    tenant: tenant!.tenant_id,
    inContext,
    impersonating: impersonating!,
    original: originalTenantId ?? null,
    body,
  };
}

function listening(server: Server): Promise<SdkApp> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(running(server)));
  });
}

function running(server: Server): SdkApp {
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

const startExpress =
  (express: typeof express5): Start =>
  (sdk, rules) => {
    const app = express();
    app.use(sdk.middleware(rules));
    app.use(express.json());
    app.all('/', (request, response, next) => {
      answer(request, request.body ?? null).then((it) => response.json(it), next);
    });
    app.use(((error: Error, _request, response, _next) => {
      response.status(500).json({ thrown: error.message });
    }) satisfies express5.ErrorRequestHandler);
    return listening(createServer(app));
  };

const startFastify: Start = async (sdk, rules) => {
  const app = fastify();
  app.register(sdk.plugin(rules));
  app.setErrorHandler((error: Error, _request, reply) => reply.code(500).send({ thrown: error.message }));
  app.route({ method: ['GET', 'POST'], url: '/', handler: (request) => answer(request, request.body ?? null) });
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
};

const startHono: Start = async (sdk, rules) => {
  const app = new Hono<{ Variables: TenantVariables }>();
  app.onError((error, c) => c.json({ thrown: error.message }, 500));
  app.use(sdk.hono(rules));
  app.all('/', async (c) => {
    const body = c.req.method === 'POST' ? await c.req.json() : null;
    return c.json(await answer(c.var, body));
  });
  return served(app.fetch);
};

/** A route handler, as Next.js calls it: with a request of the web, and what it knows of the route. */
const startNext: Start = async (sdk, rules) => {
  const withTenant = sdk.next(rules);
  const handler = withTenant(async (request: Request, context: Served & { params: Promise<{ page: string }> }) => {
    const body = request.method === 'POST' ? await request.json() : null;
    return Response.json({ ...(await answer(context, body)), ...(await context.params) });
  });
  const fetch = (request: Request) =>
    handler(request, { params: Promise.resolve({ page: 'one' }) }).catch((error: Error) =>
      Response.json({ thrown: error.message }, { status: 500 }),
    );
  return served(fetch);
};

async function served(fetch: (request: Request) => Response | Promise<Response>): Promise<SdkApp> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve());
  await promise;
  return running(server as Server);
}

class Who {
  one(request: Served & { body?: unknown }): Promise<Answer> {
    return answer(request, request.body ?? null);
  }
}

/** Decorators are functions; the sources of tests run as they are, and their syntax would need a compiler. */
const startNest: Start = async (sdk, rules) => {
  All('/')(Who.prototype, 'one', Object.getOwnPropertyDescriptor(Who.prototype, 'one')!);
  Req()(Who.prototype, 'one', 0);
  Controller()(Who);
  class AppModule {}
  Module({ imports: [sdk.nest(rules)], controllers: [Who] })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
};

const express4 = createRequire(import.meta.url)('express4') as typeof express5; // has no types of its own; these fit

export const frameworks: readonly (readonly [name: string, start: Start])[] = [
  ['Express 4', startExpress(express4)],
  ['Express 5', startExpress(express5)],
  ['Fastify 5', startFastify],
  ['Hono', startHono],
  ['NestJS', startNest],
  ['Next.js', startNext],
];
