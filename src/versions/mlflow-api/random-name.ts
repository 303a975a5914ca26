/** Names for runs and models that were given none, in MLflow's style: `calm-otter-512`. */
import { randomInt } from 'node:crypto';

const QUALITIES =
  'amber brave brisk calm clever cosy daring eager fair fleet gentle glad golden hardy honest humble jolly keen kind lively lucky mellow merry neat nimble noble patient polite quick quiet ready rugged serene sharp silver smooth spry steady sturdy sunny swift tidy trusty upbeat vivid warm wise witty';
const ANIMALS =
  'ant badger bear bee bison crane crow deer dove duck eagle elk falcon finch fox frog gecko goat goose hare hawk heron ibex jay koala lark lemur lion lynx mole moose moth mouse newt otter owl panda perch pony quail raven robin seal shrew sloth snail sparrow squid stork swan tapir toad trout turtle viper whale wolf wren yak zebra';

export function randomName(): string {
  return `${pick(QUALITIES)}-${pick(ANIMALS)}-${randomInt(1000)}`;
}

function pick(words: string): string {
  const all = words.split(' ');
  return all[randomInt(all.length)]!;
}
