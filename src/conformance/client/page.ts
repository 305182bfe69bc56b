import type { Plan } from './plan.ts'
export function formatPage(plan: Plan): string {
  return String(plan.total)
}
