import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** A span as it was when it ended. */
export interface Recorded {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly isError: boolean;
  readonly events: readonly string[];
  readonly spanId: string;
  readonly traceId: string;
  readonly parentId: string | undefined;
}

/** What a host would set up, as small as the API allows: registers itself, and keeps every span that ends. */
export function recordSpans(): { readonly ended: Recorded[]; readonly open: Set<string>; stop(): void } {
  const ended: Recorded[] = [];
  const open = new Set<string>();
  trace.setGlobalTracerProvider({ getTracer: () => tracerOf(ended, open) });
  context.setGlobalContextManager(createContexts());
  propagation.setGlobalPropagator({
    inject: () => {},
    fields: () => ['traceparent'],
    extract: (parent, carrier, getter) => {
      const [, traceId, spanId] = String(getter.get(carrier, 'traceparent')).split('-');
      return spanId === undefined || traceId === undefined
        ? parent
        : trace.setSpanContext(parent, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
  });
  const stop = () => {
    trace.disable();
    context.disable();
    propagation.disable();
  };
  return { ended, open, stop };
}

function createContexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (given, work, self, ...args) => storage.run(given, () => work.apply(self, args)),
    bind: (_given, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

function tracerOf(ended: Recorded[], open: Set<string>): Tracer {
  const startSpan = (name: string, options: SpanOptions = {}, parent: Context = context.active()): Span => {
    const above = trace.getSpanContext(parent);
    const traceId = above?.traceId ?? randomBytes(16).toString('hex');
    const own: SpanContext = { traceId, spanId: randomBytes(8).toString('hex'), traceFlags: 1 };
    const attributes: Attributes = { ...options.attributes };
    const events: string[] = [];
    let isError = false;
    open.add(own.spanId);
    const span: Span = {
      spanContext: () => own,
      setAttribute: (key, value) => span.setAttributes({ [key]: value }),
      setAttributes: (more) => {
        Object.assign(attributes, more);
        return span;
      },
      addEvent: (event) => {
        events.push(event);
        return span;
      },
      addLink: () => span,
      addLinks: () => span,
      setStatus: ({ code, message }) => {
        isError = code === SpanStatusCode.ERROR;
        events.push(...(message === undefined ? [] : [message]));
        return span;
      },
      updateName: () => span,
      recordException: (exception) => void events.push(String(exception)),
      isRecording: () => open.has(own.spanId),
      end: () => {
        open.delete(own.spanId);
        const { kind = SpanKind.INTERNAL } = options;
        ended.push({ name, kind, attributes, isError, events, ...own, parentId: above?.spanId });
      },
    };
    return span;
  };
  return {
    startSpan,
    startActiveSpan: () => {
      throw new Error('nobody here asks for this');
    },
  };
}
