// What was done, or was not, told at the top of the page.
import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, type ReactElement, type ReactNode, useCallback, useContext, useMemo, useState } from "react";

type Kind = "success" | "error" | "warning" | "info";

type Notify = (kind: Kind, content: ReactNode) => void;

interface Notification {
  id: number;
  kind: Kind;
  content: ReactNode;
}

interface Notifications {
  shown: Notification[];
  notify: Notify;
  dismiss: (id: number) => void;
}

/** Told at once; the oldest give way, and what went well to whatever comes next. */
const SHOWN = 4;

const NotificationsContext = createContext<Notifications>({
  shown: [],
  notify: () => undefined,
  dismiss: () => undefined,
});

const nextId = (shown: Notification[]): number => Math.max(0, ...shown.map(({ id }) => id)) + 1;

export const useNotify = (): Notify => useContext(NotificationsContext).notify;

export function NotificationsProvider({ children }: { children: ReactNode }): ReactElement {
  const [shown, setShown] = useState<Notification[]>([]);
  const notify = useCallback<Notify>((kind, content) => {
    setShown((before) => {
      const kept = before.filter((shown) => shown.kind !== "success");
      return [{ id: nextId(before), kind, content }, ...kept].slice(0, SHOWN);
    });
  }, []);
  const dismiss = useCallback((id: number) => setShown((before) => before.filter((shown) => shown.id !== id)), []);
  const value = useMemo(() => ({ shown, notify, dismiss }), [shown, notify, dismiss]);
  return <NotificationsContext value={value}>{children}</NotificationsContext>;
}

export function NotificationBar(): ReactElement {
  const { shown, dismiss } = useContext(NotificationsContext);
  const items = shown.map(({ id, kind, content }): FlashbarProps.MessageDefinition => ({
    id: String(id),
    type: kind,
    content,
    dismissible: true,
    dismissLabel: "Dismiss",
    onDismiss: () => dismiss(id),
  }));
  return <Flashbar items={items} />;
}
