// Throttle and quota of a plan, each on or off.
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import type { ReactElement } from "react";
import type { LimitDraft, LimitField } from "../lib/limitDraft";
import { effective } from "../lib/limits";

const PERIODS = [
  { value: "DAY", label: "Day" },
  { value: "WEEK", label: "Week" },
  { value: "MONTH", label: "Month" },
] as const;

/** Where periods other than a day may begin. */
const OFFSETS = { DAY: null, WEEK: "Days after Sunday, 0 to 6", MONTH: "Days after the first, 0 to 27" };

interface LimitFieldsProps {
  draft: LimitDraft;
  onChange: (draft: LimitDraft) => void;
  errors: Partial<Record<LimitField, string>>;
}

export function LimitFields({ draft, onChange, errors }: LimitFieldsProps): ReactElement {
  const set = (change: Partial<LimitDraft>): void => onChange({ ...draft, ...change });
  const throttle = { rateLimit: Number(draft.rate), burstLimit: Number(draft.burst) };
  const offset = OFFSETS[draft.period];
  return (
    <SpaceBetween size="l">
      <SpaceBetween size="s">
        <Toggle checked={draft.throttled} onChange={({ detail }) => set({ throttled: detail.checked })}>
          Throttle: how fast each key may call
        </Toggle>
        {draft.throttled && (
          <ColumnLayout columns={2}>
            <FormField
              label="Rate"
              description="Calls per second"
              errorText={errors.rate}
              constraintText={effective(throttle)}
            >
              <Input
                value={draft.rate}
                type="number"
                inputMode="decimal"
                step="any"
                onChange={({ detail }) => set({ rate: detail.value })}
              />
            </FormField>
            <FormField label="Burst" description="Calls that may come at once" errorText={errors.burst}>
              <Input
                value={draft.burst}
                type="number"
                inputMode="numeric"
                onChange={({ detail }) => set({ burst: detail.value })}
              />
            </FormField>
          </ColumnLayout>
        )}
      </SpaceBetween>
      <SpaceBetween size="s">
        <Toggle checked={draft.limited} onChange={({ detail }) => set({ limited: detail.checked })}>
          Quota: how much each key may call
        </Toggle>
        {draft.limited && (
          <ColumnLayout columns={3}>
            <FormField label="Calls" errorText={errors.limit}>
              <Input
                value={draft.limit}
                type="number"
                inputMode="numeric"
                onChange={({ detail }) => set({ limit: detail.value })}
              />
            </FormField>
            <FormField label="Per" constraintText="Periods turn at 00:00 UTC.">
              <Select
                ariaLabel="Period of the quota"
                selectedOption={PERIODS.find((period) => period.value === draft.period) ?? PERIODS[0]}
                options={PERIODS}
                onChange={({ detail }) =>
                  set({
                    period: PERIODS.find((period) => period.value === detail.selectedOption.value)?.value ?? "DAY",
                    offset: "0",
                  })
                }
              />
            </FormField>
            {offset !== null && (
              <FormField label="Offset" description={offset} errorText={errors.offset}>
                <Input
                  value={draft.offset}
                  type="number"
                  inputMode="numeric"
                  onChange={({ detail }) => set({ offset: detail.value })}
                />
              </FormField>
            )}
          </ColumnLayout>
        )}
      </SpaceBetween>
    </SpaceBetween>
  );
}
