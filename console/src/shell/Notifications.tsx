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

/** Told at once; the oldest give way. */
const SHOWN = 4;

const NotificationsContext = createContext<Notifications>({
  shown: [],
  notify: () => undefined,
  dismiss: () => undefined,
});

export const useNotify = (): Notify => useContext(NotificationsContext).notify;

export function NotificationsProvider({ children }: { children: ReactNode }): ReactElement {
  const [shown, setShown] = useState<Notification[]>([]);
  const notify = useCallback<Notify>((kind, content) => {
    setShown((before) => [{ id: (before[0]?.id ?? 0) + 1, kind, content }, ...before].slice(0, SHOWN));
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
    onDismiss: () => dismiss(id),
  }));
  return <Flashbar items={items} />;
}
