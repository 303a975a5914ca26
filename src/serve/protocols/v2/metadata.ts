/** Open Inference Protocol V2: what the model takes and gives, as tensors. */
import type { Cell } from '../../../model/data.ts';
import type { NamedFeature, Signature } from '../../../model/model.ts';
import type { Datatype } from './datatypes.ts';
import { labelType } from './encode.ts';

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** −1 is any length. */
  readonly shape: readonly number[];
}

/** One matrix for a model trained on numbers without names, one tensor per column for one with names. */
export function inputTensors(signature: Signature): readonly TensorMetadata[] {
  const { features, input } = signature;
  if (features === null) {
    return [{ name: input, datatype: input === 'features' ? 'FP64' : 'BYTES', shape: [-1, 1] }];
  }
  if (!signature.named && features.every((feature) => feature.kind === 'number')) {
    return [{ name: 'input-0', datatype: 'FP64', shape: [-1, features.length] }];
  }
  return features.map((feature) => ({ name: feature.name, datatype: featureType(feature), shape: [-1, 1] }));
}

/** What can be asked for by name. */
export function outputTensors(signature: Signature): readonly TensorMetadata[] {
  const { methods, classes, nOutputs } = signature;
  const outputs: TensorMetadata[] = [];
  if (methods.includes('predict')) {
    const datatype = classes === null ? 'FP64' : labelType(classes);
    outputs.push({ name: 'predict', datatype, shape: [-1, nOutputs] });
  }
  if (methods.includes('predictProba') && classes !== null) {
    classes.forEach((labels, i) => {
      const name = classes.length === 1 ? 'predict_proba' : `predict_proba_${i}`;
      outputs.push({ name, datatype: 'FP64', shape: [-1, labels.length] });
    });
  }
  if (methods.includes('transform')) {
    outputs.push({ name: 'transform', datatype: 'FP64', shape: [-1, -1] });
  }
  return outputs;
}

function featureType(feature: NamedFeature): Datatype {
  if (feature.kind === 'number') {
    return 'FP64';
  }
  const isNumber = (value: Cell): boolean => typeof value === 'number';
  const known = (feature.categories ?? []).filter((value) => value !== null);
  return feature.kind === 'category' && known.length > 0 && known.every(isNumber) ? 'FP64' : 'BYTES';
}
