/** Skops files made by hand: what no honest writer would make, and the smallest ones that it would. */
import { zipSync } from 'fflate';
import { writeNpy } from '../../src/tensor/npy.ts';

export type Node = Readonly<Record<string, unknown>>;

/** A zip of these files, stored as skops does it, or deflated. */
export function zipOf(files: Readonly<Record<string, Uint8Array | string>>, level: 0 | 9 = 0): Buffer {
  const entries = Object.entries(files).map(([name, content]): [string, Uint8Array] => [
    name,
    typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content),
  ]);
  return Buffer.from(zipSync(Object.fromEntries(entries), { level }));
}

/** A skops file of this root. */
export function skopsOf(
  root: Node,
  files: Readonly<Record<string, Uint8Array>> = {},
  protocol: unknown = 2,
): Buffer {
  return zipOf({ ...files, 'schema.json': JSON.stringify({ ...root, protocol, _skops_version: '0.16.0' }) });
}

export function node(loader: string, module: string, name: string, fields: Node = {}): Node {
  return { __class__: name, __module__: module, __loader__: loader, ...fields };
}

export function json(value: unknown): Node {
  return node('JsonNode', 'builtins', 'str', { content: JSON.stringify(value), is_json: true });
}

export function list(...items: unknown[]): Node {
  return node('ListNode', 'builtins', 'list', { content: items });
}

export function tuple(...items: unknown[]): Node {
  return node('TupleNode', 'builtins', 'tuple', { content: items });
}

export function dict(items: Node): Node {
  const types = Object.keys(items).map(() => node('TypeNode', 'builtins', 'str'));
  return node('DictNode', 'builtins', 'dict', { content: items, key_types: list(...types) });
}

export function object(module: string, name: string, attributes: Node): Node {
  return node('ObjectNode', module, name, { content: dict(attributes) });
}

export function array(file: string): Node {
  return node('NdArrayNode', 'numpy', 'ndarray', { type: 'numpy', file });
}

/** y = 2 x + 1, with further attributes. */
export function line(attributes: Node = {}): Node {
  return object('sklearn.linear_model._base', 'LinearRegression', {
    coef_: array('coef.npy'),
    intercept_: json(1),
    n_features_in_: json(1),
    _sklearn_version: json('1.9.1'),
    ...attributes,
  });
}

/** A .npy file of this header and data, whatever they are. */
export function npyOf(header: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const text = `${header}\n`;
  const head = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1'), data]);
}

export const LINE_FILES = { 'coef.npy': writeNpy(Float64Array.of(2), [1]) };
