import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactElement } from "react";

export function EnabledBadge({ enabled }: { enabled: boolean }): ReactElement {
  return <StatusIndicator type={enabled ? "success" : "stopped"}>{enabled ? "Enabled" : "Disabled"}</StatusIndicator>;
}
