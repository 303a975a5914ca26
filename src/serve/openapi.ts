/** The API as OpenAPI 3.1 describes it, made from the model's own signature, with examples that the model accepts. */
import { isLoadlineError } from '../errors.ts';
import { exampleRow } from '../model/example.ts';
import type { NamedFeature, Signature } from '../model/model.ts';
import { predict } from '../model/prediction.ts';
import { rowsToData, splitRows } from '../model/rows.ts';
import { jsonTarget } from './json.ts';
import type { Route, Served, Site, SiteModel } from './protocols/define.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The description of everything the server answers. While no model is loaded its own part is left open. */
export function describeApi(site: Site, { name, served }: SiteModel): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of site.routes()) {
    const entry = paths[route.path] ?? {};
    entry[route.method.toLowerCase()] ??= operation(route, served);
    paths[route.path] = entry;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: `${name}: ${served?.model.fitted.name ?? 'model'}`,
      version: served?.version ?? '1',
      summary: 'A scikit-learn model served by Loadline',
    },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
    // Asked for only where the server has keys.
    security: [{}, { key: [] }],
  };
}

function operation(route: Route, served: Served | null): Schema {
  const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const base = {
    operationId: `${route.method} ${route.path}`,
    ...(parameters.length > 0 ? { parameters } : {}),
  };
  if (route.path === '/predict' && served !== null) {
    return { ...base, ...predictOperation(served) };
  }
  return {
    ...base,
    ...(route.kind === 'predict' ? { requestBody: { content: { 'application/json': { schema: {} } } } } : {}),
    responses: { 200: { description: 'OK' } },
  };
}

function predictOperation(served: Served): Schema {
  const { signature } = served.model;
  const row = rowSchema(signature);
  const example = workingExample(served);
  const probabilities = signature.methods.includes('predictProba');
  return {
    summary: 'Predict one row or several',
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['features'],
            additionalProperties: false,
            properties: {
              features: { anyOf: [row, { type: 'array', items: row, minItems: 1 }] },
              ...(probabilities ? { probabilities: { type: 'boolean', default: false } } : {}),
            },
          },
          ...(example === null ? {} : { example: example.request }),
        },
      },
    },
    responses: {
      200: {
        description: 'One prediction per row, in their order',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['prediction'],
              properties: {
                prediction: { type: 'array', items: predictionSchema(signature) },
                ...(probabilities ? { probabilities: { type: 'array' }, classes: { type: 'array' } } : {}),
              },
            },
            ...(example === null ? {} : { example: example.answer }),
          },
        },
      },
      default: {
        description: 'A refusal (RFC 9457)',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

const PROBLEM: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'fix'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', pattern: '^LL[0-9]{4}$' },
    row: { type: 'integer' },
    field: { type: 'string' },
    fix: { type: 'string' },
  },
};

function rowSchema(signature: Signature): Schema {
  const { features, input, named } = signature;
  if (features === null) {
    return input === 'records' ? { type: 'object' } : input === 'texts' ? { type: 'string' } : {};
  }
  const list = {
    type: 'array',
    prefixItems: features.map(valueSchema),
    minItems: features.length,
    maxItems: features.length,
  };
  if (!named) {
    return list;
  }
  const object = {
    type: 'object',
    required: features.map((feature) => feature.name),
    additionalProperties: false,
    properties: Object.fromEntries(features.map((feature) => [feature.name, valueSchema(feature)])),
  };
  return { anyOf: [object, list] };
}

function valueSchema(feature: NamedFeature): Schema {
  const missing = feature.missing ? ['null'] : [];
  switch (feature.kind) {
    case 'number':
      return { title: feature.name, type: ['number', ...missing] };
    case 'text':
      return { title: feature.name, type: 'string' };
    case 'category':
    case 'any':
      return {
        title: feature.name,
        type: ['string', 'number', 'boolean', ...missing],
        ...(feature.categories === undefined ? {} : { examples: feature.categories.slice(0, 20) }),
      };
  }
}

function predictionSchema(signature: Signature): Schema {
  const { classes, nOutputs } = signature;
  const label =
    classes === null ? { type: ['number', 'null'] } : { enum: [...new Set(classes.flat())].slice(0, 1000) };
  return nOutputs > 1 || !signature.methods.includes('predict') ? { type: 'array', items: label } : label;
}

/** An example that was tried; null where the model refuses it. */
function workingExample(served: Served): { readonly request: unknown; readonly answer: unknown } | null {
  const { model } = served;
  const row = exampleRow(model.signature);
  try {
    const { target } = predict(model, rowsToData(splitRows(row, model.signature), model.signature));
    return { request: { features: row }, answer: { prediction: JSON.parse(jsonTarget(target)) as unknown } };
  } catch (error) {
    if (isLoadlineError(error)) {
      return null;
    }
    throw error;
  }
}
