const KEYWORDS =
  'as async await break case catch class const continue default delete do else export extends false finally for from ' +
  'function get if implements import in instanceof interface let new null of private readonly return satisfies set ' +
  'static super switch this throw true try type typeof undefined void while yield'

/** Comments, strings, regular expressions, keywords and numbers; a name after a dot is none of them. */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/)`,
    String.raw`(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|` +
      '`(?:\\\\.|\\$\\{(?:[^{}`]|`[^`]*`|\\{[^{}]*\\})*\\}|[^`\\\\])*`' +
      ')',
    String.raw`(?<=[(,=!&|?:[] ?)(?<pattern>\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*)`,
    String.raw`(?<![.\w#])(?<keyword>${KEYWORDS.replaceAll(' ', '|')})(?!\w)`,
    String.raw`(?<![.\w#])(?<number>\d[\w.]*)`,
  ].join('|'),
  'g',
)

/**
 * Returns JavaScript or TypeScript as HTML: each token that has a color is in a `span` with the name of its kind as its
 * class.
 */
export function highlight(code: string): string {
  let html = ''
  let end = 0
  for (const match of code.matchAll(TOKEN)) {
    const kind = Object.entries(match.groups!).find(([, text]) => text !== undefined)![0]
    html += `${escapeHtml(code.slice(end, match.index))}<span class="${kind}">${escapeHtml(match[0])}</span>`
    end = match.index + match[0].length
  }
  return html + escapeHtml(code.slice(end))
}

/** Escapes text for HTML elements and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
