// A moment in the viewer's zone. UTC is told on pointing at it, and on opening it by keyboard or touch.
import Popover from "@cloudscape-design/components/popover";
import type { ReactElement } from "react";
import { localTime, utcTime } from "../lib/time";

export function Timestamp({ millis }: { millis: number }): ReactElement {
  return (
    <span title={utcTime(millis)}>
      <Popover size="small" triggerType="text" dismissButton={false} content={utcTime(millis)}>
        {localTime(millis)}
      </Popover>
    </span>
  );
}
