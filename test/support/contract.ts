import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'vitest';
import type { OpenApiDocument } from '../../src/rest/openapi.ts';

interface Answered {
  readonly method: string;
  /** Path with query, under `/api/v1`. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

interface Described {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { schema: object }>>;
}

/** Statuses that the framework answers before a route is found or entered, so that no route describes them. */
const beforeRoutes = [405];

/** Holds every answer against what the OpenAPI document says about its route, status, headers and body. */
export class Contract {
  readonly #document: OpenApiDocument;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<object, ValidateFunction>();
  readonly #paths: readonly { pattern: RegExp; path: string }[];
  /** The routes and statuses that were seen, as `GET /tenants 200`. */
  readonly seen = new Set<string>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    formats.default(this.#ajv);
    this.#ajv.addSchema({ $id: 'api', components: closed(document.components) as object });
    // Paths without parameters go before those that would match them too.
    this.#paths = Object.keys(document.paths)
      .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`) }))
      .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  }

  check({ method, url, status, headers, body }: Answered): void {
    const path = url.split('?', 1)[0]!;
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const found = this.#paths.find(
      ({ pattern, path: declared }) => pattern.test(path) && verb in this.#document.paths[declared]!,
    );
    if (found === undefined || beforeRoutes.includes(status)) {
      return;
    }
    const where = `${verb.toUpperCase()} ${found.path} ${status}`;
    this.seen.add(where);
    const { responses } = this.#document.paths[found.path]![verb] as { responses: Record<string, Described> };
    expect(Object.keys(responses), `${where} is not described`).toContain(String(status));
    const described = this.#resolve(responses[status]!);
    expect(headers, where).toMatchObject({ 'x-request-id': expect.any(String) });
    this.#checkBody(described, body, { where, head: method === 'HEAD' });
  }

  #checkBody({ content }: Described, body: unknown, { where, head }: { where: string; head: boolean }): void {
    const schema = content?.['application/json']?.schema;
    if (schema === undefined || head) {
      expect(body, `${where} has no body`).toBe('');
      return;
    }
    const validate = this.#validators.get(schema) ?? this.#ajv.compile(absolute(schema));
    this.#validators.set(schema, validate);
    validate(body);
    expect(validate.errors ?? [], `${where}: ${JSON.stringify(body)}`).toEqual([]);
  }

  #resolve(described: Described): Described {
    const name = described.$ref?.split('/').at(-1);
    const { responses } = this.#document.components as unknown as { responses: Record<string, Described> };
    return name === undefined ? described : responses[name]!;
  }
}

/** The schema with its references into the document's components. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/components/', '"api#/components/')) as object;
}

/** The document promises nothing about further fields to its readers; ours must not have any that it doesn't name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(closed);
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  const inner = Object.fromEntries(Object.entries(schema).map(([word, value]) => [word, closed(value)]));
  const isObject = inner['type'] === 'object' && inner['properties'] !== undefined;
  return isObject ? { additionalProperties: false, ...inner } : inner;
}
