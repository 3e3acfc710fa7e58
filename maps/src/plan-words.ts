// Numbers of plans in the words of the field.
import type { Parcel, Place } from "./plan-topology";

const HECTARE = 10_000;
/** 15 mu are one hectare. */
const MU = HECTARE / 15;

const fixed = (value: number, digits: number): string =>
  value.toLocaleString("zh-CN", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** An area in hectares, mu and square metres. */
export function areaWords(m2: number): string {
  return `${fixed(m2 / HECTARE, 4)} 公顷 ｜ ${fixed(m2 / MU, 2)} 亩 ｜ ${fixed(m2, 2)} m²`;
}

/** An area in square metres where it is small, else in hectares. */
export function shortArea(m2: number): string {
  return m2 < HECTARE ? `${fixed(m2, 2)} 平方米` : `${hectares(m2)} 公顷`;
}

export function hectares(m2: number, digits = 2): string {
  return fixed(m2 / HECTARE, digits);
}

export function signedHectares(m2: number): string {
  const words = fixed(Math.abs(m2) / HECTARE, 2);
  return `${m2 < 0 ? "−" : "+"}${words}`;
}

export function placeWords([east, north]: Place): string {
  return `东 ${east.toFixed(4)}，北 ${north.toFixed(4)}`;
}

export function metres(value: number): string {
  return `${fixed(value, 2)} 米`;
}

export function parcelName(parcel: Parcel, nameOf: (code: string) => string): string {
  return `${parcel.code} ${nameOf(parcel.code)}${parcel.label ? `“${parcel.label}”` : ""}`;
}

export function momentWords(at: string | Date): string {
  return new Date(at).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" });
}
