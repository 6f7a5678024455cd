// A value once it has not changed for a while, so that typing does not ask the server at every letter.
import { useEffect, useState } from "react";

export function useDebounced<T>(value: T, millis = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), millis);
    return () => clearTimeout(timer);
  }, [value, millis]);
  return settled;
}
