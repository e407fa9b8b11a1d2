import {
  type Attributes,
  type Context,
  context,
  ProxyTracerProvider,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** A span that has begun. */
export interface OpenSpan {
  /** Runs something so that spans begun in it lie within this one. */
  within<Result>(work: () => Result): Result;
  /** @param error The stable code of a failure. Never its message, which may speak of values. */
  end(attributes?: Attributes, error?: string): void;
}

export interface NewSpan {
  readonly name: string;
  readonly attributes: Attributes;
  readonly kind?: 'internal' | 'client';
}

/** Traces of what happens, for whatever the host has set up to receive them. */
export interface Tracing {
  /** A span of somebody's request, within the trace that its headers name, unless one is under way here already. */
  request(name: string, headers: Readonly<Record<string, unknown>>, attributes: Attributes): OpenSpan;
  /** A span within the one that is under way. */
  span(span: NewSpan): OpenSpan;
  /** Whether there is one under way. */
  isUnderWay(): boolean;
}

/** Null while no tracer provider is registered: then nobody is to do anything for tracing. To be asked once, at the start. */
export function openTracing(version: string): Tracing | null {
  const tracer = registeredTracer('stratum', version);
  return tracer && { request: requestSpan(tracer), span: innerSpan(tracer), isUnderWay };
}

/** The API hands out a stand-in for a provider that may come later; behind it there is a tracer only once one has come. */
function registeredTracer(name: string, version: string): Tracer | null {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider
    ? (provider.getDelegateTracer(name, version) ?? null)
    : provider.getTracer(name, version);
}

function requestSpan(tracer: Tracer): Tracing['request'] {
  return (name, headers, attributes) => {
    const here = context.active();
    const isWithin = isUnderWay(); // in the host's own HTTP instrumentation
    const parent = isWithin ? here : propagation.extract(here, headers);
    const kind = isWithin ? SpanKind.INTERNAL : SpanKind.SERVER;
    return openSpan(tracer.startSpan(name, { kind, attributes }, parent), parent);
  };
}

function isUnderWay(): boolean {
  return trace.getSpan(context.active()) !== undefined;
}

const kinds = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT };

function innerSpan(tracer: Tracer): Tracing['span'] {
  return ({ name, attributes, kind = 'internal' }) => {
    const parent = context.active();
    return openSpan(tracer.startSpan(name, { kind: kinds[kind], attributes }, parent), parent);
  };
}

function openSpan(span: Span, parent: Context): OpenSpan {
  const inside = trace.setSpan(parent, span);
  return {
    within: (work) => context.with(inside, work),
    end: (attributes, error) => {
      if (attributes !== undefined) {
        span.setAttributes(attributes);
      }
      if (error !== undefined) {
        span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end();
    },
  };
}
