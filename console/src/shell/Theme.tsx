// Light and dark: the system's choice, until the viewer makes one.
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { createContext, type ReactElement, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

type Theme = "light" | "dark";

const KEPT = "tollgate-theme";

interface ThemeChoice {
  theme: Theme;
  toggle: () => void;
}

const ThemeContext = createContext<ThemeChoice>({ theme: "light", toggle: () => undefined });

export const useTheme = (): ThemeChoice => useContext(ThemeContext);

export function ThemeProvider({ children }: { children: ReactNode }): ReactElement {
  const [theme, setTheme] = useState<Theme>(initial);
  useEffect(() => applyMode(theme === "dark" ? Mode.Dark : Mode.Light), [theme]);
  const choice = useMemo(
    () => ({
      theme,
      toggle: () => {
        const next = theme === "dark" ? "light" : "dark";
        localStorage.setItem(KEPT, next);
        setTheme(next);
      },
    }),
    [theme],
  );
  return <ThemeContext value={choice}>{children}</ThemeContext>;
}

function initial(): Theme {
  const kept = localStorage.getItem(KEPT);
  if (kept === "light" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
