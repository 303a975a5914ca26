/** Plain columns and trees for terminals. */
import type { Terminal } from './terminal.ts';

/** Rows as aligned columns, two spaces apart, without trailing blanks; one line each, whatever is in a cell. */
export function columns(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map((cell) => cell.replace(/[\t\r\n\v\f\u0085\u2028\u2029]+/g, ' ')));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

export interface TreeNode {
  readonly text: string;
  readonly children: readonly TreeNode[];
}

/** A tree drawn with branches; `most` children of a node are drawn, the rest counted. */
export function tree(terminal: Terminal, node: TreeNode, most = 12): string[] {
  const { branch, last, line } = terminal.symbol;
  const shown = node.children.slice(0, most);
  const hidden = node.children.length - shown.length;
  const entries: TreeNode[] = hidden > 0 ? [...shown, { text: `… and ${hidden} more`, children: [] }] : shown;
  return [
    node.text,
    ...entries.flatMap((child, i) => {
      const isLast = i === entries.length - 1;
      const [head = '', ...rest] = tree(terminal, child, most);
      return [`${isLast ? last : branch} ${head}`, ...rest.map((text) => `${isLast ? '  ' : line} ${text}`)];
    }),
  ];
}
