/** Open Inference Protocol V2: predictions to tensors, as JSON or as bytes. */
import type { Dense, Label, Target } from '../../../model/data.ts';
import { labelAt } from '../../../model/data.ts';
import type { Prediction } from '../../../model/prediction.ts';
import { type Answer, jsonAnswer } from '../../http.ts';
import { jsonNumbers } from '../../json.ts';
import type { Ask, Served } from '../define.ts';
import { type Datatype, type Elements, writeElements } from './datatypes.ts';
import { JSON_LENGTH_HEADER, type V2Detail } from './decode.ts';

interface OutputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: Datatype;
  readonly elements: Elements;
  readonly binary: boolean;
}

export function encode(prediction: Prediction, ask: Ask<V2Detail>, served: Served): Answer {
  const { detail } = ask;
  const tensors = detail.outputs.flatMap(({ name, binary }): OutputTensor[] => {
    if (name !== 'predict_proba') {
      // MLServer gives a one-dimensional result a second axis; KServe, whose output is called output-0, does not.
      return [targetTensor(prediction.target, name, name !== 'output-0', binary)];
    }
    const probabilities = prediction.probabilities ?? [];
    return probabilities.map((matrix, output) =>
      matrixTensor(matrix, probabilities.length === 1 ? name : `${name}_${output}`, binary),
    );
  });
  const chunks: Buffer[] = [];
  const outputs = tensors.map((tensor) => {
    const head = `{"name":${JSON.stringify(tensor.name)},"shape":[${tensor.shape}],"datatype":"${tensor.datatype}"`;
    const type = tensor.datatype === 'BYTES' ? 'str' : 'np';
    if (!tensor.binary) {
      return `${head},"parameters":{"content_type":"${type}"},"data":${jsonElements(tensor)}}`;
    }
    const bytes = writeElements(tensor.elements, tensor.datatype);
    chunks.push(bytes);
    return `${head},"parameters":{"content_type":"${type}","binary_data_size":${bytes.length}}}`;
  });
  const version = served.version === null ? '' : `,"model_version":${JSON.stringify(served.version)}`;
  const parameters = detail.table ? ',"parameters":{"content_type":"pd"}' : '';
  const json = `{"model_name":${JSON.stringify(served.name)}${version},"id":${JSON.stringify(detail.id)}${parameters},"outputs":[${outputs.join(',')}]}`;
  if (chunks.length === 0) {
    return jsonAnswer(json);
  }
  const head = Buffer.from(json);
  return {
    status: 200,
    type: 'application/octet-stream',
    body: Buffer.concat([head, ...chunks]),
    headers: [JSON_LENGTH_HEADER, String(head.length)],
  };
}

/** How labels are sent: by their own type where all share one. */
export function labelType(classes: readonly (readonly Label[])[]): Datatype {
  const labels = classes.flat();
  if (labels.every((label) => typeof label === 'boolean')) {
    return 'BOOL';
  }
  if (labels.every((label) => typeof label === 'number')) {
    return labels.every(Number.isInteger) ? 'INT64' : 'FP64';
  }
  return 'BYTES';
}

function targetTensor(target: Target, name: string, secondAxis: boolean, binary: boolean): OutputTensor {
  const { nRows, nCols, oneD } = target;
  const shape = oneD && !secondAxis ? [nRows] : [nRows, nCols];
  if (target.kind === 'numbers') {
    return { name, shape, datatype: 'FP64', elements: target.data, binary };
  }
  const datatype = labelType(target.classes);
  const elements = Array.from({ length: nRows * nCols }, (_, k) => {
    const label = labelAt(target, Math.floor(k / nCols), k % nCols);
    return datatype === 'BYTES' ? String(label) : label;
  });
  return { name, shape, datatype, elements, binary };
}

function matrixTensor(matrix: Dense, name: string, binary: boolean): OutputTensor {
  return { name, shape: [matrix.nRows, matrix.nCols], datatype: 'FP64', elements: matrix.data, binary };
}

function jsonElements({ elements }: OutputTensor): string {
  return elements instanceof Float64Array ? jsonNumbers(elements) : JSON.stringify(elements);
}
