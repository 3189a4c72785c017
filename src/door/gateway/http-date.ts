const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_SECONDS = 86_400;
/** 0000-03-01 to 1970-01-01; and the days of 400 years, after which the calendar repeats. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

const two = (value: number): string => String(value).padStart(2, "0");

/** A day of the calendar; months from 0. The arithmetic is Howard Hinnant's "chrono-compatible low-level date algorithms". */
function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const dayOfEra = shifted - era * ERA_DAYS;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // Years are counted from March, so that the leap day is a year's last.
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = (march + 2) % 12;
  return { year: yearOfEra + era * 400 + (month < 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * march + 2) / 5) + 1 };
}

/** Seconds since 1970 as an IMF-fixdate (RFC 9110, 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT". From the number alone, without the machine's clock. */
export function httpDate(seconds: number): string {
  const days = Math.floor(seconds / DAY_SECONDS);
  const rest = seconds - days * DAY_SECONDS;
  const { year, month, day } = dateOf(days);
  const time = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return `${DAYS[(days + 4) % 7]}, ${two(day)} ${MONTHS[month]} ${String(year).padStart(4, "0")} ${time} GMT`;
}

/** Days since 1970 as "2026-11-28". */
export function isoDay(days: number): string {
  const { year, month, day } = dateOf(days);
  return `${String(year).padStart(4, "0")}-${two(month + 1)}-${two(day)}`;
}

const FIXDATE = /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/;
const RFC850 = /^(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/;
const ASCTIME = /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/;

/** Seconds since 1970 from any of the three forms that a recipient must know (RFC 9110, 5.6.7); undefined for anything else. */
export function parseHttpDate(text: string): number | undefined {
  const found = (FIXDATE.exec(text) ?? RFC850.exec(text) ?? ASCTIME.exec(text))?.groups;
  if (found === undefined) return undefined;
  const month = MONTHS.indexOf(found["month"]!);
  const [hours, minutes, seconds] = found["time"]!.split(":").map(Number) as [number, number, number];
  const day = Number(found["day"]);
  if (month < 0 || day < 1 || day > 31 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  return daysOf(fullYear(found["year"]!), month, day) * DAY_SECONDS + hours * 3600 + minutes * 60 + seconds;
}

/** Two digits are of this century, or of the last one where that would lie far ahead. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 4) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

/** Days since 1970. `month` counts from 0. */
function daysOf(calendarYear: number, month: number, day: number): number {
  const year = month < 2 ? calendarYear - 1 : calendarYear;
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5) + day - 1;
  return era * ERA_DAYS + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - EPOCH_DAYS;
}
