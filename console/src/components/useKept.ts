// What was typed or chosen on a page: kept through a reload, and gone when the page is left.
import { useEffect, useState } from "react";

/** As `useState`, for values that JSON can say and that are no secret. The name is one's own within the page. */
export function useKept<T>(name: string, initial: T): [T, (value: T | ((before: T) => T)) => void] {
  const [place] = useState(() => `tollgate ${location.pathname} ${name}`);
  const [value, setValue] = useState<T>(() => (read(place) as T | undefined) ?? initial);
  useEffect(() => {
    keep(place, value);
    // A reload does not get here: only a page that is left does.
    return () => sessionStorage.removeItem(place);
  }, [place, value]);
  return [value, setValue];
}

function keep(place: string, value: unknown): void {
  try {
    sessionStorage.setItem(place, JSON.stringify(value));
  } catch {
    // The browser keeps some megabytes; a longer document is with the page only.
    sessionStorage.removeItem(place);
  }
}

function read(place: string): unknown {
  const text = sessionStorage.getItem(place);
  return text === null ? undefined : (JSON.parse(text) as unknown);
}
