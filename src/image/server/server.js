// Entry point of the image. Plain JavaScript that any Node parses: the base's may be too old for the rest.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  const { main } = await import('./cli/container.js');
  await main(process.argv.slice(2));
} else {
  console.error(
    `✗ LL6008  the base image's Node.js is ${process.versions.node}, Loadline needs 22.18 or newer: build on another --base`,
  );
  process.exitCode = 3;
}
