import { type NodeMiddleware, type NodeRequest, nodeMiddleware } from './express.ts';
import type { TenantRules } from './rules.ts';
import type { Decide } from './serve.ts';

/** What is needed of the consumer of middleware that NestJS gives a module. */
interface MiddlewareConsumer {
  apply(...middleware: never[]): { exclude(...routes: never[]): { forRoutes(...routes: never[]): unknown } };
}

/** A module as NestJS takes it among `imports`. */
export interface NestModule {
  readonly module: new () => { configure(consumer: MiddlewareConsumer): void };
}

export interface NestRules<Request> extends TenantRules<Request> {
  /** Paths that are for nobody in particular, such as `health`. */
  readonly exclude?: readonly string[];
}

/**
 * A module for NestJS that finds the tenant of every request before guards, interceptors and handlers run, all of them in its context.
 */
export function nestModule<Request extends NodeRequest>(
  decide: Decide<Request>,
  exclude: readonly string[] = [],
): NestModule {
  const middleware: NodeMiddleware<Request> = nodeMiddleware(decide);
  class StratumModule {
    configure(consumer: MiddlewareConsumer): void {
      // NestJS has types of its own for these, which are no dependency here.
      consumer
        .apply(middleware as never)
        .exclude(...(exclude as never[]))
        .forRoutes('{*path}' as never);
    }
  }
  return { module: StratumModule };
}
