// A moment in the viewer's zone, with UTC on hover and for screen readers.
import Popover from "@cloudscape-design/components/popover";
import type { ReactElement } from "react";
import { localTime, utcTime } from "../lib/time";

export function Timestamp({ millis }: { millis: number }): ReactElement {
  return (
    <Popover size="small" triggerType="text" dismissButton={false} content={utcTime(millis)}>
      {localTime(millis)}
    </Popover>
  );
}
