/** Open Inference Protocol V2: tensors to rows. */
import { randomUUID } from 'node:crypto';
import { LoadlineError } from '../../../errors.ts';
import { type Cell, type Data, dense } from '../../../model/data.ts';
import type { NamedFeature, Signature } from '../../../model/model.ts';
import { rowsToData, typeName } from '../../../model/rows.ts';
import { type HttpRequest, header, mediaType } from '../../http.ts';
import { parseJson } from '../../json.ts';
import type { Ask, Served } from '../define.ts';
import { checkElement, type Datatype, type Elements, isDatatype, readElements } from './datatypes.ts';

/** The header of the binary extension: bytes of JSON before the raw tensors. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/** What is asked of the model by name: MLServer's names, and KServe's only one. */
export const OUTPUT_NAMES = ['predict', 'predict_proba', 'transform', 'output-0'] as const;
export type OutputName = (typeof OUTPUT_NAMES)[number];

/** What `encode` needs of the request. */
export interface V2Detail {
  readonly id: string;
  readonly outputs: readonly { readonly name: OutputName; readonly binary: boolean }[];
  /** Whether the request called itself a table. */
  readonly table: boolean;
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: Elements;
}

/** More axes than any table has; it bounds the walk through nested lists. */
const MAX_RANK = 8;

type JsonObject = Readonly<Record<string, unknown>>;

/** Throws LL2001, LL2002, LL2019, LL1009 and what `rowsToData` throws. */
export function decode(request: HttpRequest, served: Served): Ask<V2Detail> {
  const { signature } = served.model;
  const jsonLength = header(request, JSON_LENGTH_HEADER);
  if (jsonLength === '0') {
    return decodeRaw(request.body, served);
  }
  const { json, binary } = splitBody(request, jsonLength);
  const body = objectOf(parseJson(json), 'The body');
  const parameters = parametersOf(body, 'The body');
  const { inputs } = body;
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new LoadlineError('LL2002', `"inputs": expected a list of tensors, found ${emptyOr(inputs)}`);
  }
  if (body.id !== undefined && typeof body.id !== 'string') {
    throw new LoadlineError('LL2002', `"id": expected a string, found ${typeName(body.id)}`);
  }
  const tensors: Tensor[] = [];
  let offset = 0;
  inputs.forEach((input: unknown, i) => {
    const { tensor, binaryBytes } = readTensor(
      objectOf(input, `inputs[${i}]`),
      i,
      binary.subarray(offset),
      request.body,
    );
    tensors.push(tensor);
    offset += binaryBytes;
  });
  if (offset !== binary.length) {
    throw new LoadlineError('LL2019', `${binary.length - offset} bytes are left after the last input`);
  }
  const outputs = outputsOf(body.outputs, parameters.binary_data_output === true, signature);
  return {
    rows: tensorsToData(tensors, signature),
    ...methodOf(
      outputs.map((output) => output.name),
      served,
    ),
    detail: { id: body.id ?? randomUUID(), outputs, table: parameters.content_type === 'pd' },
  };
}

/** Triton's raw request: the body is the bytes of the only input, one row; all outputs come back as bytes. */
function decodeRaw(body: Buffer, served: Served): Ask<V2Detail> {
  const { signature } = served.model;
  const count = signature.features?.length;
  if (count === undefined || signature.features?.some((feature) => feature.kind !== 'number')) {
    throw new LoadlineError('LL2019', 'A raw binary request needs a model of numbers only');
  }
  const elements = readElements(body, 'FP64', count, 'raw');
  const outputs = outputsOf(undefined, true, signature);
  return {
    rows: tensorsToData([{ name: 'raw', shape: [1, count], elements }], signature),
    ...methodOf(
      outputs.map((output) => output.name),
      served,
    ),
    detail: { id: randomUUID(), outputs, table: false },
  };
}

function splitBody(
  request: HttpRequest,
  jsonLength: string | undefined,
): { readonly json: Buffer; readonly binary: Buffer } {
  const { body } = request;
  if (jsonLength === undefined) {
    if (mediaType(request.contentType) === 'application/octet-stream') {
      throw new LoadlineError(
        'LL2002',
        `received byte inputs, but the '${JSON_LENGTH_HEADER}' header is missing.`,
      );
    }
    return { json: body, binary: body.subarray(body.length) };
  }
  const length = /^\d{1,9}$/.test(jsonLength) ? Number(jsonLength) : Number.POSITIVE_INFINITY;
  if (length > body.length) {
    throw new LoadlineError(
      'LL2002',
      `${JSON_LENGTH_HEADER}: expected a number of bytes up to those of the body, ${body.length}`,
    );
  }
  return { json: body.subarray(0, length), binary: body.subarray(length) };
}

function readTensor(
  input: JsonObject,
  index: number,
  binary: Buffer,
  body: Buffer,
): { readonly tensor: Tensor; readonly binaryBytes: number } {
  const { name, datatype } = input;
  if (typeof name !== 'string') {
    throw new LoadlineError('LL2019', `inputs[${index}]: "name" has to be a string, found ${typeName(name)}`);
  }
  const label = name.slice(0, 80);
  const parameters = parametersOf(input, `Input "${label}"`);
  if (!isDatatype(datatype)) {
    throw new LoadlineError('LL2019', `Input "${label}": "datatype" is not one of the protocol's`, {
      field: label,
    });
  }
  const shape = shapeOf(input.shape, label);
  const count = shape.reduce((product, length) => product * length, 1);
  // Every element takes at least a byte, so a larger shape lies; this bounds what is allocated for it.
  if (count > body.length) {
    throw new LoadlineError(
      'LL2019',
      `Input "${label}": the shape [${shape}] holds ${count} elements, more than the body has`,
      { field: label },
    );
  }
  const size = parameters.binary_data_size;
  if (size !== undefined) {
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || size > binary.length) {
      throw new LoadlineError(
        'LL2019',
        `Input "${label}": "binary_data_size" has to be a number of bytes up to those that are left, ${binary.length}`,
        { field: label },
      );
    }
    const elements = readElements(binary.subarray(0, size), datatype, count, label);
    return { tensor: { name, shape, elements: contentOf(elements, parameters, label) }, binaryBytes: size };
  }
  const elements = jsonElements(input.data, datatype, shape, count, label);
  return { tensor: { name, shape, elements: contentOf(elements, parameters, label) }, binaryBytes: 0 };
}

function shapeOf(value: unknown, name: string): readonly number[] {
  const valid =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_RANK &&
    value.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!valid) {
    throw new LoadlineError(
      'LL2019',
      `Input "${name}": "shape" has to be a list of lengths, at most ${MAX_RANK}`,
      {
        field: name,
      },
    );
  }
  return value as number[];
}

/** Nested or flat data, row-major. */
function jsonElements(
  data: unknown,
  datatype: Datatype,
  shape: readonly number[],
  count: number,
  name: string,
): Elements {
  if (!Array.isArray(data)) {
    throw new LoadlineError('LL2019', `Input "${name}": "data" has to be a list, found ${typeName(data)}`, {
      field: name,
    });
  }
  if (datatype === 'FP16') {
    throw new LoadlineError('LL2019', `Input "${name}": FP16 cannot be sent as JSON, only as binary data`, {
      field: name,
    });
  }
  const cells: Cell[] = [];
  const walk = (list: readonly unknown[], depth: number): void => {
    for (const item of list) {
      if (Array.isArray(item) && depth < shape.length) {
        walk(item, depth + 1);
      } else {
        cells.push(checkElement(item, datatype, name, cells.length));
      }
    }
  };
  walk(data, 1);
  if (cells.length !== count) {
    throw new LoadlineError(
      'LL2019',
      `Input "${name}": the shape [${shape}] holds ${count} elements, found ${cells.length}`,
      { field: name },
    );
  }
  return datatype === 'BYTES'
    ? cells
    : Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)));
}

/** Applies MLServer's `content_type` of one input. */
function contentOf(elements: Elements, parameters: JsonObject, name: string): Elements {
  const type = parameters.content_type;
  switch (type) {
    case undefined:
    case 'np':
    case 'pd':
    case 'str':
    case 'datetime':
      return elements;
    case 'base64':
      return Array.from(elements, (element) =>
        typeof element === 'string' ? Buffer.from(element, 'base64').toString() : element,
      );
    default:
      throw new LoadlineError(
        'LL2019',
        `Input "${name}": "content_type" is not one that is read: expected np, pd, str, datetime or base64`,
        { field: name },
      );
  }
}

function outputsOf(value: unknown, binaryByDefault: boolean, signature: Signature): V2Detail['outputs'] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) {
    const name = signature.methods.includes('predict') ? 'predict' : 'transform';
    return [{ name, binary: binaryByDefault }];
  }
  if (!Array.isArray(value)) {
    throw new LoadlineError('LL2002', `"outputs": expected a list, found ${typeName(value)}`);
  }
  return value.map((item: unknown, i) => {
    const output = objectOf(item, `outputs[${i}]`);
    const name = OUTPUT_NAMES.find((known) => known === output.name);
    if (name === undefined) {
      throw new LoadlineError('LL2002', `outputs[${i}]: "name" has to be one of ${OUTPUT_NAMES.join(', ')}`);
    }
    const { binary_data: binary } = parametersOf(output, `outputs[${i}]`);
    return { name, binary: typeof binary === 'boolean' ? binary : binaryByDefault };
  });
}

function methodOf(
  names: readonly OutputName[],
  served: Served,
): { readonly method: Ask['method']; readonly probabilities: boolean } {
  const probabilities = names.includes('predict_proba');
  const transforms = names.includes('transform') && served.model.signature.methods.includes('predict');
  if (transforms && names.some((name) => name !== 'transform')) {
    throw new LoadlineError('LL2002', 'The output "transform" has to be asked for alone');
  }
  return { method: transforms ? 'transform' : 'predict', probabilities };
}

function tensorsToData(tensors: readonly Tensor[], signature: Signature): Data {
  const first = tensors[0]!;
  const { input, features } = signature;
  if (first.shape[0] === 0) {
    throw new LoadlineError('LL2008', `Input "${first.name.slice(0, 80)}" has no rows`);
  }
  if (input === 'texts' || input === 'labels') {
    if (tensors.length > 1) {
      throw new LoadlineError('LL2019', `Expected one input of shape [n], found ${tensors.length} inputs`);
    }
    return rowsToData(columnOf(first), signature);
  }
  const single = tensors.length === 1 && input === 'features';
  if (single && first.shape.length === 2) {
    return matrixToData(first, signature);
  }
  if (single && features !== null && features.length !== 1) {
    throw new LoadlineError(
      'LL2019',
      `Input "${first.name.slice(0, 80)}": expected the shape [n, ${features.length}], found [${first.shape}]`,
      { field: first.name.slice(0, 80) },
    );
  }
  const columns = tensors.map(columnOf);
  const nRows = columns[0]!.length;
  tensors.forEach((tensor, j) => {
    if (columns[j]!.length !== nRows) {
      const field = tensor.name.slice(0, 80);
      throw new LoadlineError(
        'LL2019',
        `Input "${field}": expected ${nRows} rows, found ${columns[j]!.length}`,
        {
          field,
        },
      );
    }
  });
  const byName = input === 'records' || signature.named;
  const rows = Array.from({ length: nRows }, (_, i) => {
    const values = columns.map((column) => cellAt(column, i));
    if (!byName) {
      return values;
    }
    const row: Record<string, Cell> = Object.create(null);
    tensors.forEach((tensor, j) => {
      row[tensor.name] = values[j]!;
    });
    return row;
  });
  return rowsToData(rows, signature);
}

function matrixToData(tensor: Tensor, signature: Signature): Data {
  const [nRows, nCols] = tensor.shape as [number, number];
  const { elements } = tensor;
  const { features } = signature;
  if (elements instanceof Float64Array && features?.length === nCols && features.every(takesAnyNumber)) {
    return dense(nRows, nCols, elements);
  }
  const rows = Array.from({ length: nRows }, (_, i) =>
    Array.from({ length: nCols }, (_, j) => cellAt(elements, i * nCols + j)),
  );
  return rowsToData(rows, signature);
}

function takesAnyNumber(feature: NamedFeature): boolean {
  return feature.kind === 'number' && feature.missing;
}

/** The elements of a tensor that is one column, `[n]` or `[n, 1]`. */
function columnOf(tensor: Tensor): readonly Cell[] {
  const { shape, elements } = tensor;
  if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) {
    return Array.from({ length: shape[0]! }, (_, i) => cellAt(elements, i));
  }
  const field = tensor.name.slice(0, 80);
  throw new LoadlineError('LL2019', `Input "${field}": expected the shape [n] or [n, 1], found [${shape}]`, {
    field,
  });
}

function cellAt(elements: Elements, index: number): Cell {
  const value = elements[index]!;
  return typeof value === 'number' && Number.isNaN(value) ? null : value;
}

function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LoadlineError('LL2002', `${what}: expected an object, found ${typeName(value)}`);
  }
  return value as JsonObject;
}

function parametersOf(value: JsonObject, what: string): JsonObject {
  return value.parameters === undefined || value.parameters === null
    ? {}
    : objectOf(value.parameters, `${what}, "parameters"`);
}

function emptyOr(value: unknown): string {
  return Array.isArray(value) ? 'an empty list' : typeName(value);
}
