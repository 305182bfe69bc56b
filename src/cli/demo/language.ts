import { readFileSync } from 'node:fs'

/** The languages of the pages. The first is the language of the templates and scripts themselves. */
export const LANGUAGES = ['en', 'zh-CN'] as const

export type Language = (typeof LANGUAGES)[number]

/** English texts with their translations. */
export type Texts = Readonly<Record<string, string>>

/** Returns the language that a browser prefers for the pages, according to `Accept-Language` (RFC 9110 §12.5.4). */
export function chooseLanguage(acceptLanguage = ''): Language {
  const ranges = acceptLanguage.split(',').map((part) => {
    const [range, quality = ''] = part.split(';')
    return { tag: range.trim().toLowerCase(), weight: Number(/q\s*=\s*([\d.]+)/.exec(quality)?.[1] ?? 1) }
  })
  const wanted = ranges
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .find(({ tag }) => /^(?:en|zh)\b/.test(tag))
  return wanted?.tag.startsWith('zh') ? 'zh-CN' : 'en'
}

/**
 * Returns the translations that a page needs: those of `texts/LANGUAGE/common.json` and of its own file, if it has one.
 * Empty for English.
 */
export function readTexts(language: Language, page: string): Texts {
  if (language === 'en') return {}
  return { ...readTable(language, 'common'), ...readTable(language, page) }
}

function readTable(language: Language, name: string): Texts {
  return JSON.parse(readFileSync(new URL(`texts/${language}/${name}.json`, import.meta.url), 'utf8'))
}
