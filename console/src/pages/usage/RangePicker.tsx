// The days of a report, in UTC.
import DateRangePicker, { type DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";
import type { ReactElement } from "react";
import { days, plusDays, today } from "../../lib/time";

export interface Range {
  startDate: string;
  endDate: string;
}

interface RangePickerProps {
  range: Range;
  onChange: (range: Range) => void;
}

const RELATIVE: DateRangePickerProps.RelativeOption[] = [
  { key: "week", amount: 7, unit: "day", type: "relative" },
  { key: "month", amount: 30, unit: "day", type: "relative" },
  { key: "quarter", amount: 90, unit: "day", type: "relative" },
];

/** Days that a report may span, as the server allows. */
const LONGEST = 366;

export function RangePicker({ range, onChange }: RangePickerProps): ReactElement {
  return (
    <DateRangePicker
      dateOnly
      ariaLabel="Days"
      value={{ type: "absolute", ...range }}
      relativeOptions={RELATIVE}
      isValidRange={validate}
      placeholder="Choose days"
      i18nStrings={{ formatRelativeRange: ({ amount }) => `Last ${amount} days`, relativeModeTitle: "Last days" }}
      onChange={({ detail: { value } }) => {
        if (value?.type === "absolute") onChange({ startDate: value.startDate, endDate: value.endDate });
        else if (value?.type === "relative")
          onChange({ startDate: plusDays(today(), 1 - value.amount), endDate: today() });
      }}
    />
  );
}

function validate(value: DateRangePickerProps.Value | null): DateRangePickerProps.ValidationResult {
  if (value?.type !== "absolute") return { valid: true };
  if (value.startDate === "" || value.endDate === "")
    return { valid: false, errorMessage: "Choose a first and a last day." };
  if (value.endDate < value.startDate)
    return { valid: false, errorMessage: "The end date must not be before the start date" };
  if (days(value.startDate, value.endDate).length > LONGEST) {
    return { valid: false, errorMessage: "The range of usage must not exceed 366 days" };
  }
  return { valid: true };
}
