import { printable } from './plain-text.ts'

/** Formats a table. `alignment` has one letter per column, `r` for right. */
export function formatTable(head: string[], rows: string[][], alignment = ''): string {
  const rule = head.map((_, index) => (alignment[index] === 'r' ? '--:' : '---'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Escapes text for Markdown, including text inside a table. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_[\]|~#]/g, '\\$&')
    .replaceAll('@', '&#64;')
}

/** Formats text as code. */
export function code(text: string): string {
  return `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``
}
